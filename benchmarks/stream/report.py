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
    errors: list[str]


def rows(transfers: Sequence[Transfer]) -> list[Row]:
    """Give one row a kind, for those that went through the gateway at least once."""
    kinds = dict.fromkeys(one.kind for one in transfers if not one.direct)
    return [_row([one for one in transfers if one.kind == kind]) for kind in kinds]


def text(made: Sequence[Row], happened: Sequence[Mishap]) -> str:
    """Print-ready: both tables and what is wrong."""
    lines = [table(_HEADER, [_cells(row) for row in made])] if made else []
    for row in made:
        lines += [f"! {row.kind}: {error}" for error in row.errors]
    if happened:
        found = [
            [
                one.name + ("" if one.holds else " !"),
                one.seen,
                one.must,
                f"{one.growth / MEBIBYTE:+.1f} MiB",
            ]
            for one in happened
        ]
        lines += ["", table(("in the middle", "seen", "must be", "peak RSS"), found)]
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
        errors=errors,
    )


def _cells(row: Row) -> list[str]:
    return [
        row.kind + (" !" if row.errors else ""),
        f"{row.rate.median / 1e6:,.0f}",
        f"{row.rate.low / 1e6:,.0f}..{row.rate.high / 1e6:,.0f}",
        f"{row.direct.median / 1e6:,.0f}" if row.direct else "-",
        f"{row.ratio.median:.2f}x" if row.ratio else "-",
        f"{row.cpu:.2f}",
        f"{row.growth / MEBIBYTE:+.1f} MiB",
        "NO" if row.errors else "as sent",
    ]
