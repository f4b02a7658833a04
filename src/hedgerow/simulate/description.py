"""What is simulated, as people write it: the records of a simulation file (TOML).

Holds texts as they were written (``"9ms"``, ``"10%"``, latency laws), so that a result can
carry exactly what it came from; ``assembly`` reads them.  Must not open files.

Names are those of the settings of ``hedgerow serve`` and of the flags of ``hedgerow flaky``
where they mean the same.  A name that does not exist is refused, with the nearest one.
"""

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from hedgerow.errors import ConfigError

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Number = Annotated[float, Meta(ge=0)]


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file."""


class Traffic(_Record, frozen=True):
    """``[traffic]``: how requests arrive."""

    rate: str | None = None  # a second; instead of load
    load: Annotated[float, Meta(gt=0)] | None = None  # as a share of what the workers can do
    spacing: Literal["poisson", "even"] = "poisson"
    urgent: str = "0%"  # of them, which matter most (urgency 0); the others have 3


class Upstream(_Record, frozen=True):
    """``[upstream]``: what answers them."""

    replicas: Annotated[int, Meta(ge=1, le=10_000)] = 10
    workers: Positive | Literal["unlimited"] = 1  # of each replica
    queue: Count = 1_000_000
    latency: str = "mix:95%*lognormal:5ms,2ms+5%*lognormal:50ms,20ms"
    errors: str = "off"
    #: "queued": what waits is dropped, what runs goes on
    notices_cancel: bool | Literal["queued"] = True
    similarity: Number = 0.0  # a copy takes this much of its primary's time, and its own
    spells: str = "off"
    spells_together: bool = False
    slow_replicas: Count = 0
    slow_factor: Number = 10.0
    network: str = "0s"  # one way


class Hedge(_Record, frozen=True):
    """``hedge`` in ``[route]``: when copies are sent."""

    delay: str = "off"  # a duration, or "auto": so that the budget is just used up
    extra: Count = 1
    mode: Literal["burst", "staggered"] = "burst"
    max_attempts: Positive | None = None  # 1 + extra, or 1 without a delay
    budget: str = "off"
    burst: Annotated[float, Meta(ge=1)] = 10.0  # how many copies the budget saves up
    aim: Number | None = None  # what the adaptive delay is steered to, where not to the budget
    #: that a copy is sent which is due (SingleR's q); None: the gateway's own with "auto" and
    #: "staggered", else 100%
    chance: str | None = None
    same_replica: bool = False
    watch_cancelling: bool = False  # scale the budget by what cancelling is found to be worth


class Door(_Record, frozen=True):
    """``door`` in ``[route]``: how many attempts may be in flight, and who waits for a place."""

    limit: Positive | Literal["adaptive", "off"] = "off"
    queue: Count = 100  # how many requests may wait
    patience: str = "1s"
    newest_first: bool = False


class Route(_Record, frozen=True):
    """``[route]``: what the gateway does."""

    balance: str = "least-request"
    deadline: str = "off"
    per_try: str = "off"
    hedge: Hedge = Hedge()
    door: Door = Door()


class Simulation(_Record, frozen=True):
    """One simulation."""

    requests: Positive = 100_000
    warm_up: str = "5%"  # of them, not counted
    fan_out: Positive = 1
    slow_above: str | None = None  # tells the share of requests that took longer
    traffic: Traffic = Traffic(load=0.5)
    upstream: Upstream = Upstream()
    route: Route = Route()


class Row(_Record, frozen=True):
    """One line of a table: a simulation, and what it should give where that is known."""

    label: str
    simulation: Simulation
    expected: Mapping[str, float] = {}
    source: str = ""  # where the expected figures come from


class Table(_Record, frozen=True):
    """Simulations to compare."""

    name: str
    title: str = ""
    rows: tuple[Row, ...] = ()


_HEAD: Final = ("name", "title", "row")


def read_table(data: Mapping[str, Any], *, name: str) -> Table:
    """Read a file: a simulation, and ``[[row]]`` tables that say what differs in each."""
    rest = {key: value for key, value in data.items() if key not in _HEAD}
    given = data.get("row", [{"label": str(data.get("name", name))}])
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise ConfigError("row", got=given, must="tables", fix="Begin each with [[row]].")
    rows = []
    for number, row in enumerate(given, 1):
        where = f"row {number}" if "row" in data else ""
        label = str(row.get("label", f"row {number}"))
        differing = {key: value for key, value in row.items() if key != "label"}
        _check_names(differing, Simulation, where)
        rows.append(Row(label=label, simulation=read_simulation(_merged(rest, differing))))
    return Table(
        name=str(data.get("name", name)), title=str(data.get("title", "")), rows=tuple(rows)
    )


def read_simulation(data: Mapping[str, Any]) -> Simulation:
    """Read one simulation; raises ConfigError that names the setting and what it may be."""
    _check_names(data, Simulation, "")
    try:
        return msgspec.convert(data, Simulation)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$.")
        where = path.rstrip("`") or "simulation"
        raise ConfigError(
            where, got=_value_at(data, where), must=_lower_first(what), fix="See docs/simulate.md."
        ) from error


def _check_names(data: Mapping[str, Any], record: type[msgspec.Struct], where: str) -> None:
    """Refuse a name that a table does not have, with the one that was probably meant."""
    fields = {field.name: field.type for field in msgspec.structs.fields(record)}
    for name, value in data.items():
        there = f"{where}.{name}" if where else name
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            fix = f"Did you mean {near[0]}?" if near else f"There are {', '.join(fields)}."
            raise ConfigError(there, got=value, must="a known setting", fix=fix)
        inner = fields[name]
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            if not isinstance(value, dict):
                raise ConfigError(there, got=value, must="a table", fix=f"Begin it with [{there}].")
            _check_names(value, inner, there)


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Put one table over another; a load takes the place of a rate and the other way round."""
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _merged(old, value) if both and isinstance(old, dict) else value
    for one, other in (("load", "rate"), ("rate", "load")):
        if one in change and other in merged and other not in change:
            del merged[other]
    return merged


def _value_at(data: Mapping[str, Any], where: str) -> object:
    value: object = data
    for name in where.split("."):
        value = value.get(name, "") if isinstance(value, dict) else value
    return value


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
