"""Which encoding of a file a client takes (RFC 9110 section 12.5.3).

Decides from a field's value; must not know files.
"""

import re
from collections.abc import Mapping
from typing import Final

#: The ends of names of files that were compressed beforehand, and what they are called; in the
#: order in which they are preferred where a client likes them equally.
ENDINGS: Final[Mapping[str, bytes]] = {"br": b".br", "zstd": b".zst", "gzip": b".gz"}
IDENTITY: Final = "identity"

_ITEM: Final = re.compile(
    r"[ \t]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]*(?:;[ \t]*[qQ]=([0-9.]+)[ \t]*)?(?:,|$)"
)
_WEIGHT: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def weights(value: bytes | None) -> Mapping[str, float]:
    """Read Accept-Encoding: what each coding is worth; one that is not well-formed says nothing.

    Without the field only ``identity`` is sent, which everybody can read.
    """
    found: dict[str, float] = {}
    text, at = (value or b"").decode("latin-1"), 0
    while at < len(text):
        match = _ITEM.match(text, at)
        if match is None:
            return {}
        at = match.end()
        name, weight = match[1].lower(), match[2]
        if weight is not None and _WEIGHT.fullmatch(weight) is None:
            return {}
        found["gzip" if name == "x-gzip" else name] = float(weight or 1.0)
    return found


def accepted(value: bytes | None) -> tuple[str, ...]:
    """Return the codings that a client takes, the best first; ``identity`` stands where it is.

    It is always there unless it was excluded: then a client would rather have 406 than the file,
    and we send the file.
    """
    found = weights(value)
    others = found.get("*", 0.0)
    ranked = [(found.get(name, others), name) for name in ENDINGS]
    # What is as good as identity is smaller, so it comes first.
    identity = found.get(IDENTITY, found.get("*", 1.0) if "*" in found and not others else 0.001)
    order = sorted(
        ((weight, name) for weight, name in ranked if weight > 0.0), key=lambda pair: -pair[0]
    )
    better = [name for weight, name in order if weight >= identity]
    worse = [name for weight, name in order if weight < identity]
    return (*better, IDENTITY, *worse)
