"""``hedgerow simulate``: its flags, and what is to be simulated.

Must not know how a simulation runs, nor how results look.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hedgerow.cli import simulate_run, simulate_workers
from hedgerow.cli.main import FINE, INTERRUPTED
from hedgerow.cli.simulate_file import read_file, write_result
from hedgerow.cli.simulate_text import listing, report
from hedgerow.errors import ConfigError
from hedgerow.simulate.description import Table
from hedgerow.simulate.tables import TABLES, table_named


@dataclass(frozen=True)
class Size:
    """How much is simulated."""

    requests: Annotated[
        int | None,
        Parameter(alias="-n", help="so many in each row [default: as it says]", show_default=False),
    ] = None
    repeat: Annotated[int, Parameter(alias="-r", help="so many runs of each row, put together")] = 1
    seed: Annotated[
        int, Parameter(alias="-s", help="where chance begins; a repeat takes the next one")
    ] = 1


AS_IT_SAYS: Final = Size()


def simulate(
    what: Annotated[
        str | None, Parameter(help="a name (see --list), or a simulation file (TOML)")
    ] = None,
    /,
    *,
    list_: Annotated[
        bool, Parameter(name="--list", negative="", help="tell the named simulations, and leave")
    ] = False,
    only: Annotated[
        str | None, Parameter(help="only rows whose label has this in it", show_default=False)
    ] = None,
    size: Annotated[Size, Parameter(name="*")] = AS_IT_SAYS,
    json: Annotated[
        str | None,
        Parameter(allow_leading_hyphen=True, help="write the result here; - for standard output"),
    ] = None,
) -> int:
    """What a rule of hedging does to latency and load, without a load test.

    Simulates clients, the gateway's own decisions, and an upstream with workers and
    queues. The same seed gives the same result. Named simulations reproduce known
    figures; a file describes your own (docs/simulate.md).

    For example:
        hedgerow simulate --list
        hedgerow simulate copies
        hedgerow simulate hedging --only 0.7 -n 50000 --repeat 4
        hedgerow simulate mine.toml --json mine.json
        hedgerow simulate workers
    """
    if list_:
        lines = listing(TABLES.values(), (simulate_workers.NAME, simulate_workers.TITLE))
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return FINE
    _check_flags(size, json)
    if what == simulate_workers.NAME:
        simulate_workers.print_workers(size.seed)
        return FINE
    order = simulate_run.Order(
        _table(what, only), requests=size.requests, repeat=size.repeat, seed=size.seed
    )
    document = simulate_run.play(order)
    if json is not None:
        write_result(document, json)
    if json != "-":
        sys.stdout.writelines(f"{line}\n" for line in report(document))
    return INTERRUPTED if document.interrupted else FINE


def _table(what: str | None, only: str | None) -> Table:
    """Find what is to be simulated, by its name or in its file."""
    if what is None:
        raise ConfigError(
            "simulation",
            got="nothing",
            must="a name or a file",
            fix="hedgerow simulate --list tells the names.",
        )
    table = read_file(Path(what)) if _is_file(what) else table_named(what)
    if only is None:
        return table
    rows = tuple(row for row in table.rows if only in row.label)
    if not rows:
        labels = "; ".join(row.label for row in table.rows)
        raise ConfigError("--only", got=only, must="part of a label", fix=f"There are {labels}.")
    return Table(name=table.name, title=table.title, rows=rows)


def _is_file(what: str) -> bool:
    """Names have neither dots nor slashes."""
    return what not in TABLES and (Path(what).exists() or "." in what or "/" in what)


def _check_flags(size: Size, json: str | None) -> None:
    for flag, count in (("--requests", size.requests), ("--repeat", size.repeat)):
        if count is not None and count < 1:
            fix = "Leave it out for the default."
            raise ConfigError(flag, got=count, must="at least 1", fix=fix)
    if json is not None and json.startswith("-") and json != "-":
        raise ConfigError(
            "--json", got=json, must="a file, or - for standard output", fix=f"Write ./{json}."
        )
