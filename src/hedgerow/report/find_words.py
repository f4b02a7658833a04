"""What came of a capacity search, in sentences.

The same in a terminal and on a page.  Must not know how either shows them.
"""

from typing import Final

from hedgerow.report.find_document import By, Capacity, FindDocument, ProbeRecord, Variant
from hedgerow.units import format_duration

_PURPOSE: Final = {
    "rising": "rising",
    "falling": "falling",
    "bisecting": "bisecting",
    "confirming": "confirming",
    "above": "once more",
    "below": "clearly lower",
    "far_above": "clearly higher",
}

#: The Universal Scalability Law has three coefficients.
_FEWEST_POINTS: Final = 3
#: A fitted peak this many times beyond what was measured is made of rounding and noise.
_FAR_BEYOND: Final = 3.0


def load_text(load: float, by: By, *, digits: int = 6) -> str:
    """Write a load with its unit."""
    load = float(f"{load:.{digits}g}")
    if by == "rate":
        return f"{load:g}/s" if load < 1e5 else f"{load:.0f}/s"
    return f"{load:.0f} user{'s' if load != 1 else ''}"


def purpose(record: ProbeRecord) -> str:
    """Say what a probe was for."""
    return _PURPOSE.get(record.purpose, record.purpose)


def answer(capacity: Capacity, document: FindDocument) -> str:
    """Say in a sentence or two what is known."""
    promise = " and ".join(document.promises)
    load = None if capacity.load is None else load_text(capacity.load, document.by)
    broken = None if capacity.broken is None else load_text(capacity.broken, document.by)
    kept = f"{load} {_verb('keep', capacity.load, document.by)} {promise}"
    breaks = f"{broken} {_verb('break', capacity.broken, document.by)} it"
    match capacity.kind:
        case "found":
            return f"{kept}, confirmed over {format_duration(capacity.seconds)}. {breaks}."
        case "above":
            over = format_duration(capacity.seconds)
            return f"{kept}, confirmed over {over}. Nothing above --max was tried."
        case "below":
            return f"{promise} is broken even at {broken}, the lowest load that was tried."
        case "unstable":
            return (
                f"Unstable: {_range(load, broken)}, so there is no number to give. Something"
                " else than the load decides; look at the server, or measure for longer (--probe)."
            )
        case "generator":
            known = f"The server keeps {promise} at {load}. " if load else ""
            return (
                f"{known}At {broken} the load generator, not the server, was at its limit: use"
                " more processes (-w) or machines (--cluster)."
            )
        case "unfinished":
            if load is None:
                return "Interrupted before any load was known to keep the promise."
            above = f", and {breaks}" if broken else ""
            sure = "not confirmed"
            if capacity.confirmed:
                sure = f"confirmed over {format_duration(capacity.seconds)}"
            return f"Interrupted: so far {kept}{above}; {sure}."


def _verb(verb: str, load: float | None, by: By) -> str:
    """A rate keeps, one user keeps, two users keep."""
    return verb if by == "users" and load != 1 else f"{verb}s"


def _range(kept: str | None, broken: str | None) -> str:
    if kept is None or broken is None:
        return f"no load was kept twice, {broken or kept} among them"
    return f"the promise was broken at {broken} and kept at {kept}"


def scalability(document: FindDocument) -> list[str]:
    """Say how the capacity grows with what was varied, where that is a number."""
    numbers = [float(one.value) for one in document.variants if is_number(one)]
    if not document.varied or not numbers:
        return []
    fit = document.scalability
    if fit is None:
        return [
            f"How it scales is not told: that needs the capacity at {_FEWEST_POINTS} or more"
            f" different numbers of {document.varied}."
        ]
    few = ", of which three points say nothing" if len(document.variants) == _FEWEST_POINTS else ""
    law = (
        f"Universal Scalability Law: contention sigma {fit.sigma:.3g}, coherency kappa"
        f" {fit.kappa:.3g}, one alone {load_text(fit.lam, document.by, digits=3)}"
        f" (r2 {fit.r2:.3f}{few})."
    )
    return [law, _peak(document, max(numbers))]


def is_number(variant: Variant) -> bool:
    """Tell whether what was varied is a number that the law can be fitted to."""
    return variant.value.isdecimal() and int(variant.value) > 0


def _peak(document: FindDocument, most: float) -> str:
    fit = document.scalability
    if fit is None or fit.peak_x is None:
        return "No limit is in sight: it grows in proportion."
    peak = load_text(fit.peak_x, document.by, digits=3)
    if fit.peak_n is None:
        return f"It levels off at {peak}, however many there are."
    if fit.peak_n > _FAR_BEYOND * most:
        return f"More of {document.varied} are more, as far as can be told from up to {most:g}."
    return f"Most at {document.varied} = {fit.peak_n:.1f}: {peak}; beyond it more are less."
