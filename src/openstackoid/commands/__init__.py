"""The command lines, on top of all other parts."""
