"""A command line as its words, as a shell would read it.

Browsers copy a request "as cURL (bash)": quotes of three kinds, and lines that go on after
a backslash.  Nothing is run or expanded: ``$HOME`` and ``*`` stay as they are.

Why not ``shlex``: it does not know ``$'...'``, which browsers write as soon as there is a
quote or a line end in a body.
"""

import re
from typing import Final

from hedgerow.errors import ConfigError

_PART: Final = re.compile(
    r"""
    (?P<space>(?:\s|\\\r?\n)+)
    | '(?P<single>[^']*)'
    | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    | (?P<bare>[^\s'"\\$]+|\$)
    """,
    re.VERBOSE | re.DOTALL,
)
#: In double quotes a backslash means something only before these (POSIX 2.2.3).
_IN_DOUBLE: Final = re.compile(r'\\(?:([$`"\\!])|\r?\n)')
_IN_ANSI: Final = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL
)
_NAMED: Final = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v",
}  # fmt: skip


def shell_words(text: str) -> list[str]:
    """Take a command line apart; raises ConfigError where a quote is not closed."""
    words: list[str] = []
    word: str | None = None
    end = 0
    while end < len(text):
        match = _PART.match(text, end)
        if match is None:
            raise ConfigError(
                "command line",
                got=text[end : end + 40],
                must="closed with the quote that it begins with",
                fix="Copy the whole command.",
            )
        end = match.end()
        if match["space"] is None:
            word = (word or "") + _meaning(match)
        elif word is not None:
            words.append(word)
            word = None
    return words if word is None else [*words, word]


def _meaning(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return _IN_DOUBLE.sub(lambda found: found[1] or "", match["double"])
    if match["ansi"] is not None:
        text = _IN_ANSI.sub(_character, match["ansi"])
        # Browsers escape what is beyond 16 bits as two halves.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    for kind in ("single", "escaped", "bare"):
        if match[kind] is not None:
            return match[kind]
    return ""


def _character(match: re.Match[str]) -> str:
    byte, short, long, octal, other = match.groups()
    if octal is not None:
        return chr(int(octal, 8) & 0xFF)
    number = byte or short or long
    if number is not None:
        return chr(min(int(number, 16), 0x10FFFF))
    return _NAMED.get(other, other if other in "\\'\"?" else f"\\{other}")
