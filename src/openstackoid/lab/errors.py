"""What can go wrong in a lab, said so that the reader knows what to do next."""


class LabError(Exception):
    """A lab cannot do what was asked; the message names the cure.

    Where that is a command of `openstackoid lab`, `cure` is what follows these words. The message
    ends with it, so that who knows the lab can add its --dir.
    """

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(f"{message}: openstackoid lab {cure}" if cure else message)
        self.cure = cure
