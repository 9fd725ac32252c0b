"""What a reload of configuration, certificates or program costs those who send requests."""
