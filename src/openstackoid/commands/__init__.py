"""The subcommands of `openstackoid`, one per module."""
