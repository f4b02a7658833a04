"""Reads ``*.txt`` of this folder: what a client sends, and what must come of it (README.md)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hedgerow.wire.limits import Limits

#: What the answers in the files are for.
LIMITS: Final = Limits(max_request_line=200, max_head=600, max_fields=10, max_body=100)
_FOLDER: Final = Path(__file__).parent
_REPEATED: Final = re.compile(r"\\\((.*?)\*([0-9]+)\)")
_SECTION: Final = re.compile(r"[0-9]{4}-[0-9A-Z.]+")


@dataclass(frozen=True)
class Message:
    """One line of one file."""

    name: str
    section: str  # of which RFC
    raw: bytes
    statuses: list[int]  # of the final answers, in order
    closes: bool  # after them

    @property
    def is_accepted(self) -> bool:
        """Whether all of it is sound, and is handed on."""
        return bool(self.statuses) and set(self.statuses) == {200}


def all_messages() -> list[Message]:
    return [message for path in sorted(_FOLDER.glob("*.txt")) for message in messages_of(path)]


def messages_of(path: Path) -> Iterator[Message]:
    group, frame = "", "{}"
    for line in path.read_text(encoding="ascii").split("\n"):
        if line.startswith("["):
            group, frame = line.strip("[]"), "{}"
        elif line.startswith("frame = "):
            frame = line.removeprefix("frame = ")
        elif line and not line.startswith("#"):
            yield message_of(line, f"{path.stem}, {group}", frame)


def message_of(line: str, group: str, frame: str) -> Message:
    answers, section, name, text = line.split(" | ", 3)
    *statuses, state = answers.split()
    if _SECTION.fullmatch(section) is None:
        raise ValueError(f"{group}: {line!r}: which section of which RFC?")
    return Message(
        f"{group}: {name}",
        "RFC " + section.replace("-", " section "),
        unescaped(frame.replace("{}", text)),
        [int(status) for status in statuses],
        {"open": False, "closed": True}[state],
    )


def unescaped(text: str) -> bytes:
    repeated = _REPEATED.sub(lambda found: found[1] * int(found[2]), text)
    return repeated.encode("ascii").decode("unicode_escape").encode("latin-1")
