"""Which flags curl has, as far as they are understood here: a table of names.

Must not know what they mean.  A flag that is not in the table is refused: what it does to
the request would be lost without a word.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from hedgerow.errors import ConfigError

_SHORT: Final = {
    "A": "user-agent", "b": "cookie", "c": "cookie-jar", "d": "data", "D": "dump-header",
    "e": "referer", "E": "cert", "f": "fail", "F": "form", "g": "globoff", "G": "get",
    "H": "header", "i": "include", "I": "head", "k": "insecure", "L": "location",
    "m": "max-time", "N": "no-buffer", "o": "output", "O": "remote-name", "r": "range",
    "s": "silent", "S": "show-error", "T": "upload-file", "u": "user", "v": "verbose",
    "w": "write-out", "X": "request", "x": "proxy", "#": "progress-bar",
}  # fmt: skip
#: What changes the request or the connection, and takes a value.
_WITH_VALUE: Final = frozenset({
    "cacert", "connect-timeout", "connect-to", "cookie", "data", "data-ascii", "data-binary",
    "data-raw", "data-urlencode", "form", "form-string", "header", "json", "max-redirs", "max-time",
    "oauth2-bearer", "range", "referer", "request", "resolve", "unix-socket", "upload-file", "url",
    "user", "user-agent",
})  # fmt: skip
#: ... and takes none.
_WITHOUT_VALUE: Final = frozenset({
    "compressed", "get", "globoff", "head", "http2", "http2-prior-knowledge", "http3",
    "http3-only", "insecure", "location", "location-trusted",
})  # fmt: skip
#: What only changes what curl shows or writes, or says what is so anyway.
_IGNORED_WITH_VALUE: Final = frozenset({
    "cookie-jar", "dump-header", "output", "stderr", "trace", "trace-ascii", "write-out",
})  # fmt: skip
_IGNORED: Final = frozenset({
    "basic", "fail", "fail-with-body", "http1.1", "include", "no-buffer", "no-progress-meter",
    "path-as-is", "progress-bar", "remote-name", "show-error", "silent", "verbose",
})  # fmt: skip


def flags_of(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each flag by its long name, with its value; a word of its own is a ``url``."""
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        if word == "--":
            yield from (("url", url) for url in words[place:])
            return
        if not word.startswith("-") or word == "-":
            yield "url", word
            continue
        for name, shown, rest in _names(word):
            if not _takes_value(name, shown):
                if name not in _IGNORED:
                    yield name, ""
                continue
            if not rest:
                if place >= len(words):
                    raise ConfigError(
                        "curl", got=shown, must="followed by its value", fix="Add it."
                    )
                rest = words[place]
                place += 1
            if name not in _IGNORED_WITH_VALUE:
                yield name, rest


def _names(word: str) -> Iterator[tuple[str, str, str]]:
    """Yield the long names that stand in a word such as ``-sSL`` or ``-XPOST``.

    With each comes how it was written, and what stands after it in the word.
    """
    if word.startswith("--"):
        yield word[2:], word, ""
        return
    for place, letter in enumerate(word[1:], 2):
        name = _SHORT.get(letter, letter)
        yield name, f"-{letter}", word[place:]
        if name in _WITH_VALUE or name in _IGNORED_WITH_VALUE:
            return


def _takes_value(name: str, shown: str) -> bool:
    if name in _WITH_VALUE or name in _IGNORED_WITH_VALUE:
        return True
    if name in _WITHOUT_VALUE or name in _IGNORED:
        return False
    raise ConfigError(
        "curl",
        got=shown,
        must="a flag that is understood here",
        fix="Leave it out if the request is the same without it.",
    )
