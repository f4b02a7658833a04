"""Fields that every answer of a route gets, and fields that none has.

Must not know routes.
"""

from collections.abc import Mapping, Sequence


class AnswerFields:
    """What is done to the head of every answer, an upstream's or our own."""

    __slots__ = ("hidden", "lines")

    def __init__(
        self, put: Mapping[str, str], add: Mapping[str, str], remove: Sequence[str]
    ) -> None:
        """``put`` replaces what there is, ``add`` comes beside it, ``remove`` goes."""
        #: Whole lines for the answer's head.
        self.lines = b"".join(
            f"{name}: {text}\r\n".encode() for name, text in (*put.items(), *add.items())
        )
        #: Names, in lower case, of fields that are left out where somebody else wrote them.
        self.hidden = frozenset(name.lower().encode() for name in (*put, *remove))
