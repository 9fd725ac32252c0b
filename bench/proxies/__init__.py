"""What a user could put in front of a cloud, side by side, in one run."""
