"""Requests that differ from one another: ``{seq}``, ``{email}`` and the like in a text.

A :class:`Template` is a text with placeholders, taken apart once; a :class:`Draw` has the
values of one request after another.  Must not know what the text is (a URL, a field, a
body), nor read files: whoever makes the draw hands their lines in.

=====================  ===========================================================
``{seq}``              the request's number, from 0; no two requests share one
``{uuid}``             a random UUID (version 4)
``{username}``         ``user17-5eb63bbb``: unique, as it has the number in it
``{email}``            ``user17-5eb63bbb@example.com``, of the same user
``{rand:1..9}``        a whole number, both ends included; ``{rand:0.00..9.99}`` has
                       as many decimals as its ends
``{choice:a|b|c}``     one of these texts
``{line:users.txt}``   a line of a file; all of them once before one comes again
=====================  ===========================================================

The first four and a file's line belong to the request: ``{uuid}`` in its URL and ``{uuid}``
in its body are the same one.  ``rand`` and ``choice`` are drawn wherever they stand.

Bodies are full of braces, so only these words make a placeholder; ``{"a": 1}`` stays as it
is.  ``{{seq}}`` stands for the text ``{seq}``.
"""

import difflib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from hedgerow.errors import ConfigError

Slot = Callable[["Draw"], bytes]
Escape = Callable[[bytes], bytes]

_NO_LINES: Final[Mapping[str, Sequence[bytes]]] = {}


class Draw:
    """The values of one share's requests, one request at a time.

    Numbers are dealt out like cards: share ``index`` of ``of`` has ``index``, ``index + of``
    and so on.  All else that must be unique has the number in it or 122 random bits, from a
    stream of this share's own; shares may be given equally seeded randomness.
    """

    __slots__ = ("_index", "_lines", "_of", "_random", "_tag", "_uuid", "seq")

    def __init__(
        self,
        share_index: int,
        share_of: int,
        randomness: random.Random,
        lines: Mapping[str, Sequence[bytes]] = _NO_LINES,
    ) -> None:
        self._of = share_of
        self._random = random.Random(f"{randomness.getrandbits(64)}:{share_index}/{share_of}")
        self._lines = {name: [line.rstrip(b"\r\n") for line in lines[name]] for name in lines}
        # Of one request; advance() goes on to the next, and must come before the first.
        self.seq = share_index - share_of
        self._uuid: bytes | None = None
        self._tag: int | None = None

    def advance(self) -> None:
        """Go on to the next request."""
        self.seq += self._of
        self._uuid = None
        self._tag = None

    # --- the same wherever it stands in one request ---

    def uuid(self) -> bytes:
        """Return the request's UUID (RFC 9562 section 5.4)."""
        if self._uuid is None:
            bits = self._random.getrandbits(128) & ~(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62
            text = f"{bits:032x}"
            self._uuid = "-".join(
                (text[:8], text[8:12], text[12:16], text[16:20], text[20:])
            ).encode()
        return self._uuid

    def username(self) -> bytes:
        """Return a name that no other request has, nor one of a run with another seed."""
        if self._tag is None:
            self._tag = self._random.getrandbits(32)
        return b"user%d-%08x" % (self.seq, self._tag)

    def email(self) -> bytes:
        """Return the address of :meth:`username`, in a domain that belongs to nobody."""
        return self.username() + b"@example.com"

    def line(self, name: str) -> bytes:
        """Return the request's line of a file, without its end."""
        lines = self._lines.get(name)
        if not lines:
            must = "a file with at least one line" if lines is not None else "a file that was read"
            raise ConfigError(
                "{line:FILE}", got=name, must=must, fix="Each line is one request's value."
            )
        return lines[self.seq % len(lines)]

    # --- drawn anew wherever it stands ---

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return self._random.randint(low, high)

    def pick(self, texts: Sequence[bytes]) -> bytes:
        """Draw one of ``texts``."""
        return self._random.choice(texts)


class Template:
    """A text with placeholders."""

    __slots__ = ("_form", "_slots", "constant", "files")

    def __init__(self, form: bytes, slots: tuple[Slot, ...], files: tuple[str, ...]) -> None:
        self._form = form  # with %b for each slot
        self._slots = slots
        self.files = files  # whose lines are needed
        #: The text, where nothing in it varies.
        self.constant: bytes | None = None if slots else form % ()

    @classmethod
    def parse(cls, text: str | bytes, *, escape: Escape = bytes) -> "Template":
        """Take a text apart; raises ConfigError for a placeholder that cannot be filled.

        ``escape`` is applied to what stands around the placeholders, and to lines and choices.
        """
        raw = text.encode() if isinstance(text, str) else text
        form, slots, files, end = b"", [], [], 0
        for match in _PLACEHOLDER.finditer(raw):
            form += _literal(escape(raw[end : match.start()]))
            end = match.end()
            word, argument = match["word"], match["argument"]
            if word is None:
                form += _literal(escape(match[0][1:-1]))
                continue
            form += b"%b"
            slots.append(_SLOTS[word.decode()](argument, escape))
            if word == b"line":
                files.append(_name(argument))
        form += _literal(escape(raw[end:]))
        return cls(form, tuple(slots), tuple(dict.fromkeys(files)))

    @classmethod
    def literal(cls, text: bytes) -> "Template":
        """Make a template in which nothing varies, whatever stands in it."""
        return cls(_literal(text), (), ())

    def __add__(self, other: "Template") -> "Template":
        """Join two templates into one."""
        files = tuple(dict.fromkeys(self.files + other.files))
        return Template(self._form + other._form, self._slots + other._slots, files)

    def fill(self, draw: Draw) -> bytes:
        """Return the text for the draw's request; where nothing varies, the same object."""
        if self.constant is not None:
            return self.constant
        return self._form % tuple([slot(draw) for slot in self._slots])


def near_misses(text: str | bytes) -> dict[str, str]:
    """Find what looks like a placeholder and is none: ``{"{uid}": "{uuid}"}``."""
    raw = text if isinstance(text, str) else text.decode("utf-8", "replace")
    found: dict[str, str] = {}
    for match in _LIKE_A_PLACEHOLDER.finditer(raw):
        word = match["word"].lower()
        meant = _OTHER_WORDS.get(word)
        if meant is None:
            near = difflib.get_close_matches(word, _SLOTS, n=1, cutoff=0.75)
            meant = _EXAMPLES[near[0]] if near else None
        if match["word"] not in _SLOTS and meant is not None:
            found[match[0]] = f"{{{meant}}}"
    return found


# --- one maker of slots for each word ---


def _plain(slot: Slot) -> Callable[[bytes | None, Escape], Slot]:
    def make(argument: bytes | None, _: Escape) -> Slot:
        if argument is not None:
            raise _unusable(argument, must="nothing", fix="This word stands alone.")
        return slot

    return make


def _rand(argument: bytes | None, _: Escape) -> Slot:
    match = _RANGE.fullmatch(argument or b"")
    if match is None:
        raise _unusable(argument, must="two numbers, LOW..HIGH", fix="For example {rand:1..100}.")
    decimals = max(len(match[2] or b""), len(match[4] or b""))
    scale = 10**decimals
    low, high = (int(Decimal(match[end].decode()) * scale) for end in (1, 3))
    if low > high:
        raise _unusable(argument, must="LOW..HIGH, the lower number first", fix="Turn them round.")
    if decimals == 0:
        return lambda draw: b"%d" % draw.whole(low, high)
    return lambda draw: b"%.*f" % (decimals, draw.whole(low, high) / scale)


def _choice(argument: bytes | None, escape: Escape) -> Slot:
    texts = [escape(text) for text in (argument or b"").split(b"|")]
    if texts == [b""]:
        raise _unusable(argument, must="texts with | between them", fix="For example {choice:a|b}.")
    return lambda draw: draw.pick(texts)


def _line(argument: bytes | None, escape: Escape) -> Slot:
    if not argument:
        raise _unusable(argument, must="the name of a file", fix="For example {line:users.txt}.")
    name = _name(argument)
    if escape is bytes:
        return lambda draw: draw.line(name)
    return lambda draw: escape(draw.line(name))


_SLOTS: Final[Mapping[str, Callable[[bytes | None, Escape], Slot]]] = {
    "seq": _plain(lambda draw: b"%d" % draw.seq),
    "uuid": _plain(Draw.uuid),
    "email": _plain(Draw.email),
    "username": _plain(Draw.username),
    "rand": _rand,
    "choice": _choice,
    "line": _line,
}
_EXAMPLES: Final = {
    **{word: word for word in _SLOTS},
    "rand": "rand:1..9", "choice": "choice:a|b", "line": "line:FILE",
}  # fmt: skip
#: What other tools, or other people, call them.
_OTHER_WORDS: Final = {
    **dict.fromkeys(("counter", "iteration", "number", "sequence"), "seq"),
    **dict.fromkeys(("guid", "uid", "uuid4"), "uuid"),
    **dict.fromkeys(("randint", "random", "randomint"), "rand:1..9"),
    **dict.fromkeys(("oneof", "pick"), "choice:a|b"),
    **dict.fromkeys(("csv", "file"), "line:FILE"),
    "float": "rand:0.0..1.0",
    "mail": "email",
}
_WORD: Final = "|".join(_SLOTS).encode()
_PLACEHOLDER: Final = re.compile(
    rb"\{\{(?:%b)(?::[^{}]*)?\}\}|\{(?P<word>%b)(?::(?P<argument>[^{}]*))?\}" % (_WORD, _WORD)
)
_LIKE_A_PLACEHOLDER: Final = re.compile(r"(?<!\{)\{(?P<word>[A-Za-z][\w-]*)(?::[^{}]*)?\}")
_RANGE: Final = re.compile(rb"(-?\d+(?:\.(\d+))?)\.\.(-?\d+(?:\.(\d+))?)")


def _name(argument: bytes) -> str:
    return argument.decode("utf-8", "surrogateescape")


def _literal(text: bytes) -> bytes:
    return text.replace(b"%", b"%%")


def _unusable(argument: bytes | None, *, must: str, fix: str) -> ConfigError:
    shown = (argument or b"").decode("utf-8", "replace")
    return ConfigError("template, after the colon", got=shown, must=must, fix=fix)
