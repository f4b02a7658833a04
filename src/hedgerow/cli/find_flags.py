"""The flags of ``hedgerow find``, and the search they ask for.

What is sent, how connections are made and where the load comes from are the flags of
``hedgerow load``; how much is sent is what the search decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from hedgerow.cli.load_flags import NO_FLAGS as NO_LOAD_FLAGS
from hedgerow.cli.load_flags import (
    ConnectionFlags,
    GoodAnswers,
    JudgingFlags,
    LoadFlags,
    LoadShape,
    MachineFlags,
    Many,
    RequestFlags,
    Text,
    flag,
    group,
)
from hedgerow.cli.load_order import order_of, seeded
from hedgerow.cli.load_plan import Target, plan_of
from hedgerow.cli.load_values import count, duration, positive_duration
from hedgerow.errors import ConfigError
from hedgerow.lab.find import Asked
from hedgerow.lab.probing import promises_with_errors
from hedgerow.lab.search import Bounds
from hedgerow.measure.slo import Slo, parse_slo
from hedgerow.report.find_document import By
from hedgerow.units import parse_rate, parse_share

_LEAST_TOLERANCE: Final = 0.01  # loads have three digits, and no measurement is better
_MOST_TOLERANCE: Final = 0.5
_GOOD: Final = GoodAnswers()
_BY: Final[dict[str, By]] = {"rate": "rate", "users": "users"}


@dataclass(frozen=True)
class SearchFlags:
    """What is searched, and how closely."""

    slo: Annotated[
        Many,
        flag("--slo", help="the promise to keep: 'p99<250ms', 'errors<0.1%'; repeat"),
    ] = ()
    by: Annotated[Text, flag("--by", help="rate (requests a second) or users (rate)")] = None
    start: Annotated[Text, flag("--start", help="the first load (10)")] = None
    least: Annotated[Text, flag("--min", help="the lowest load worth knowing (1)")] = None
    most: Annotated[Text, flag("--max", help="the highest (100k requests/s, 10k users)")] = None
    tolerance: Annotated[
        Text, flag("--tolerance", help="how close the answer must be: 1% to 50% (5%)")
    ] = None
    probe: Annotated[Text, flag("--probe", help="how long one probe measures (10s)")] = None
    confirm: Annotated[
        Text, flag("--confirm", help="how long the answer is confirmed (3 times --probe)")
    ] = None
    warm_up: Annotated[
        Text, flag("--warm-up", "--warmup", "-W", help="before each probe, not judged (2s)")
    ] = None
    settle: Annotated[Text, flag("--settle", help="pause after each probe (1s)")] = None
    arrivals: Annotated[
        Text, flag("--arrivals", help="even or poisson: how requests are spaced (poisson)")
    ] = None
    connections: Annotated[
        Text,
        flag(
            "--connections",
            "-c",
            help="by rate: at most that many at once (what the promise allows at the rate)",
        ),
    ] = None
    think: Annotated[Text, flag("--think", help="by users: their pause, 1s or 1s..3s")] = None
    vary: Annotated[
        Text,
        flag(
            "--vary",
            help="NAME=A,B,C: search once for each, with {NAME} replaced in the server's "
            "command line after --",
        ),
    ] = None


@dataclass(frozen=True)
class ResultFlags:
    """What is written."""

    json: Annotated[
        Text, flag("--json", help="every probe and the answer; - is stdout", leading_hyphen=True)
    ] = None
    html: Annotated[Text, flag("--html", help="a page with the curve, in one file")] = None
    quiet: Annotated[bool, flag("--quiet", help="show nothing before the result")] = False


@dataclass(frozen=True)
class FindFlags:
    """Everything that was asked for by flags."""

    search: Annotated[SearchFlags, group("Search", 1)] = SearchFlags()
    request: Annotated[RequestFlags, group("Request", 2)] = NO_LOAD_FLAGS.request
    connection: Annotated[ConnectionFlags, group("Connection", 3)] = NO_LOAD_FLAGS.connection
    good: Annotated[GoodAnswers, group("Good answers", 4)] = _GOOD
    machine: Annotated[MachineFlags, group("Machines", 5)] = NO_LOAD_FLAGS.machine
    result: Annotated[ResultFlags, group("Output", 6)] = ResultFlags()


NO_FLAGS: Final = FindFlags()


@dataclass(frozen=True, slots=True)
class Vary:
    """What is varied in the server's command line."""

    name: str
    values: tuple[str, ...]

    def words(self, command: Sequence[str], value: str) -> list[str]:
        """Write the command line for one value."""
        return [word.replace(f"{{{self.name}}}", value) for word in command]


def asked_of(target: Target, flags: FindFlags, words: Sequence[str]) -> Asked:
    """Read all flags that say what is searched; raises ConfigError."""
    search = flags.search
    by = _by(search)
    bounds = _bounds(search, by)
    probe = positive_duration("--probe", search.probe) if search.probe else 10.0
    load_flags = _load_flags(flags, by, bounds, probe)
    plan, words = seeded(plan_of(target, load_flags), flags.machine, words)
    order = order_of(target, load_flags, plan, words)
    return Asked(
        order=replace(order, slos=promises_with_errors(_slos(search))),
        by=by,
        bounds=bounds,
        probe=probe,
        confirm=positive_duration("--confirm", search.confirm) if search.confirm else 3 * probe,
        settle=duration("--settle", search.settle) if search.settle else 1.0,
    )


def vary_of(flags: SearchFlags, command: Sequence[str]) -> Vary | None:
    """Read ``--vary``, which needs a command line with its name in braces."""
    if flags.vary is None:
        return None
    name, equals, values = flags.vary.partition("=")
    vary = Vary(name.strip(), tuple(value.strip() for value in values.split(",")))
    if not equals or not vary.name or not all(vary.values) or len(set(vary.values)) < 2:
        raise ConfigError(
            "--vary",
            got=flags.vary,
            must="NAME= and two or more different values",
            fix="Write --vary workers=1,2,4,8.",
        )
    if not any(f"{{{vary.name}}}" in word for word in command):
        raise ConfigError(
            "--vary",
            got=flags.vary,
            must=f"used as {{{vary.name}}} in the server's command line",
            fix=f"Write -- COMMAND ... {{{vary.name}}} ... at the end.",
        )
    return vary


# --- within ---


def _slos(flags: SearchFlags) -> tuple[Slo, ...]:
    if not flags.slo:
        raise ConfigError(
            "--slo",
            got="nothing",
            must="given: without a promise there is no capacity",
            fix="Write for example --slo 'p99<250ms'.",
        )
    slos = tuple(parse_slo(text) for text in flags.slo)
    for slo in slos:
        if slo.metric.is_a_pace or slo.metric.name == "count":
            raise ConfigError(
                "--slo",
                got=slo.expr,
                must="about times, errors or the server",
                fix="How much is sent is what is searched; give its limits by --min and --max.",
            )
    return slos


def _by(flags: SearchFlags) -> By:
    by = _BY.get(flags.by or "rate")
    if by is None:
        raise ConfigError("--by", got=flags.by, must="rate or users", fix="Write --by users.")
    of_rate = (("--arrivals", flags.arrivals), ("--connections", flags.connections))
    of_users = (("--think", flags.think),)
    for name, value in of_users if by == "rate" else of_rate:
        if value is not None:
            other = "users" if by == "rate" else "rate"
            raise ConfigError(
                name, got=value, must=f"given with --by {other}", fix="Leave one of them out."
            )
    return by


def _bounds(flags: SearchFlags, by: By) -> Bounds:
    most_text = flags.most or ("100k" if by == "rate" else "10k")
    start = _load("--start", flags.start or "10", by)
    least, most = _load("--min", flags.least or "1", by), _load("--max", most_text, by)
    if least > most:
        raise ConfigError(
            "--min", got=flags.least or "1", must=f"at most --max {most_text}", fix="Change one."
        )
    if flags.start is not None and not least <= start <= most:
        raise ConfigError(
            "--start",
            got=flags.start,
            must=f"from --min {flags.least or '1'} to --max {most_text}",
            fix="Change one of them.",
        )
    return Bounds(
        start=min(max(start, least), most),
        least=least,
        most=most,
        tolerance=_tolerance(flags.tolerance or "5%"),
        whole=by == "users",
    )


def _load(name: str, text: str, by: By) -> float:
    if by == "users":
        return float(count(name, text))
    try:
        rate = parse_rate(text)
    except ValueError as error:
        raise ConfigError(name, got=text, must=str(error), fix=f"Write {name} 100.") from None
    if rate <= 0:
        raise ConfigError(name, got=text, must="above 0", fix=f"Write {name} 100.")
    return rate


def _tolerance(text: str) -> float:
    try:
        share = parse_share(text)
    except ValueError:
        share = -1.0
    if not _LEAST_TOLERANCE <= share <= _MOST_TOLERANCE:
        raise ConfigError(
            "--tolerance", got=text, must="a share from 1% to 50%", fix="Write --tolerance 5%."
        )
    return share


def _load_flags(flags: FindFlags, by: By, bounds: Bounds, probe: float) -> LoadFlags:
    """Say in the words of ``hedgerow load`` what a probe is."""
    search = flags.search
    is_rate = by == "rate"
    shape = LoadShape(
        rate=f"{bounds.start:f}" if is_rate else None,
        users=None if is_rate else f"{bounds.start:.0f}",
        arrivals=(search.arrivals or "poisson") if is_rate else None,
        connections=search.connections,
        think=search.think,
        duration=f"{probe:f}s",
        warm_up=search.warm_up or "2s",
    )
    judging = JudgingFlags(
        expect_status=flags.good.expect_status,
        expect_body=flags.good.expect_body,
        expect_json=flags.good.expect_json,
    )
    return LoadFlags(
        shape=shape,
        request=flags.request,
        connection=flags.connection,
        judging=judging,
        machine=flags.machine,
    )
