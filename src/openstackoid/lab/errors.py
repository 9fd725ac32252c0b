"""What can go wrong in a lab, said so that the reader knows what to do next."""


class LabError(Exception):
    """A lab cannot do what was asked; the message names the cure."""
