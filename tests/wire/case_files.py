"""Reads ``cases/*.http``: bytes that a client sends, and what must come of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "cases"


@dataclass
class Case:
    """One case of one file."""

    name: str
    raw: bytes = b""
    statuses: list[int] = field(default_factory=list)
    closes: bool = False
    seen: list[bytes] = field(default_factory=list)
    see: str = ""


def all_cases() -> list[Case]:
    return [case for path in sorted(FOLDER.glob("*.http")) for case in cases_of(path)]


def cases_of(path: Path) -> Iterator[Case]:
    for block in path.read_text(encoding="ascii").split("### ")[1:]:
        name, *lines = block.split("\n")
        yield read_case(f"{path.stem}: {name}", lines)


def read_case(name: str, lines: list[str]) -> Case:
    case = Case(name)
    text = ""
    for line in lines:
        key, _, value = line.removeprefix("# ").partition(": ")
        if text or not line.startswith("# "):
            text += line
        elif key == "answers":
            *statuses, state = value.split(", ")
            case.statuses = [int(status) for status in statuses]
            case.closes = {"open": False, "closed": True}[state]
        elif key == "seen":
            case.seen.append(unescaped(value))
        elif key == "see":
            case.see = value
        elif key != "why":
            raise ValueError(f"{name}: what does {line!r} mean?")
    case.raw = unescaped(text)
    return case


def unescaped(text: str) -> bytes:
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")
