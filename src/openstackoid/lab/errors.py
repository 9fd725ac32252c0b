"""The exception of the lab."""


class LabError(Exception):
    """A lab cannot do what was asked; the message says what to do.

    `cure` has the arguments of a command `openstackoid lab` that helps. The message ends with that
    command, so that a caller can append the lab's --dir.
    """

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(f"{message}: openstackoid lab {cure}" if cure else message)
        self.cure = cure
