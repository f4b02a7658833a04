"""From transfers and mishaps to two tables; what did not arrive as it was sent has no rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.footprint import MEBIBYTE
from benchmarks.apparatus.spread import Spread, ratios, spread
from benchmarks.apparatus.table import table
from benchmarks.stream.mishaps import FLAT, Mishap
from benchmarks.stream.transfers import Transfer

# With less, a body that is kept whole could hide in the growth that we allow.
CONCLUSIVE: Final = 8 * FLAT
# Above this share of the gateway's core used by other programs a rate says little.
DISTURBED: Final = 0.10

_HEADER: Final = (
    "body", "MB/s", "min..max", "direct", "of direct", "CPU s/GB", "peak RSS", "arrived",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """All rounds of one kind of body; rates are bytes a second."""

    kind: str
    rounds: int
    rate: Spread
    direct: Spread | None  # without the gateway
    ratio: Spread | None  # to direct, round by round
    cpu: float  # seconds of the gateway for 10^9 bytes
    growth: int  # of its memory: the highest peak, bytes
    arrived: bool  # every time, and as it was sent
    errors: list[str]  # why it does not count
    notes: list[str]  # what to know when reading it


def rows(transfers: Sequence[Transfer]) -> list[Row]:
    """Give one row a kind, for those that went through the gateway at least once."""
    kinds = dict.fromkeys(one.kind for one in transfers if not one.direct)
    return [_row([one for one in transfers if one.kind == kind]) for kind in kinds]


def text(made: Sequence[Row], happened: Sequence[Mishap]) -> str:
    """Print-ready: both tables and what is wrong."""
    lines = [table(_HEADER, [_cells(row) for row in made])] if made else []
    for row in made:
        lines += [f"! {row.kind}: {error}" for error in row.errors]
        lines += [f"  {row.kind}: {note}" for note in row.notes]
    if happened:
        found = [
            [one.name + ("" if one.holds else " !"), f"{one.growth / MEBIBYTE:+.1f} MiB", one.seen]
            for one in happened
        ]
        lines += ["", table(("in the middle", "peak RSS", "seen"), found)]
        lines += [f"! {one.name}: must be: {one.must}" for one in happened if not one.holds]
    return "\n".join(lines)


def is_sound(made: Sequence[Row], happened: Sequence[Mishap]) -> bool:
    """Say whether everything arrived, broke and stayed flat as it must."""
    return not any(row.errors for row in made) and all(
        one.holds and one.growth <= FLAT for one in happened
    )


def _row(transfers: list[Transfer]) -> Row:
    ours = [one for one in transfers if not one.direct]
    direct = {one.round: one.rate for one in transfers if one.direct}
    growth = max(one.growth for one in ours)
    errors = [f"round {one.round}: {error}" for one in ours for error in one.errors]
    if growth > FLAT:
        errors.append(
            f"memory grew by {growth / MEBIBYTE:.1f} MiB, more than {FLAT / MEBIBYTE:g} MiB"
        )
    return Row(
        kind=ours[0].kind,
        rounds=len(ours),
        rate=spread([one.rate for one in ours]),
        direct=spread(list(direct.values())) if direct else None,
        ratio=ratios({one.round: one.rate for one in ours}, direct),
        cpu=sum(one.cpu for one in ours) / sum(one.size for one in ours) * 1e9,
        growth=growth,
        arrived=not any(one.errors for one in ours),
        errors=errors,
        notes=_notes(ours),
    )


def _notes(ours: list[Transfer]) -> list[str]:
    shares = [one.others / one.elapsed for one in ours]
    disturbed = sum(share > DISTURBED for share in shares)
    if not disturbed:
        return []
    return [
        f"in {disturbed} of {len(ours)} rounds other programs used more than {DISTURBED:.0%} of "
        f"the gateway's core (worst {max(shares):.0%})"
    ]


def _cells(row: Row) -> list[str]:
    rate, ratio = (row.rate, row.ratio) if row.arrived else (None, None)
    return [
        row.kind + (" !" if row.errors else ""),
        f"{rate.median / 1e6:,.0f}" if rate else "-",
        f"{rate.low / 1e6:,.0f}..{rate.high / 1e6:,.0f}" if rate else "-",
        f"{row.direct.median / 1e6:,.0f}" if row.direct else "-",
        f"{ratio.median:.2f}x" if ratio else "-",
        f"{row.cpu:.2f}" if row.arrived else "-",
        f"{row.growth / MEBIBYTE:+.1f} MiB",
        "as sent" if row.arrived else "NO",
    ]
