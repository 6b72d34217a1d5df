"""A refusal: the answer to a move that the rules do not allow."""


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A move that the rules do not allow: an answer to the person, never an alarm.

    Attributes:
        code: What is missing; worded in locales/ under `[refused]`.
        details: Values for the sentence.
    """

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
