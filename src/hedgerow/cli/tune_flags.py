"""The flags of ``hedgerow tune``: names, words of help, and how their texts are read.

Must not know what is worked out from them.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from hedgerow.cli.load_flags import Many, Text, flag, group
from hedgerow.cli.load_values import count
from hedgerow.errors import ConfigError
from hedgerow.lab.logs.detect import Form
from hedgerow.lab.logs.numbers import UNITS
from hedgerow.lab.logs.text import Which
from hedgerow.policy.hedging import IDEMPOTENT_BY_DEFAULT
from hedgerow.policy.tuning_advice import Goal
from hedgerow.units import parse_share

_TARGET: Final = re.compile(r"p(\d{2}(?:\.\d{1,3})?)")
_WHICH: Final[dict[str, Which]] = {"upstream": "upstream", "total": "total"}


@dataclass(frozen=True)
class GoalFlags:
    """What is wanted."""

    budget: Annotated[
        Text,
        flag("--budget", help="copies allowed, as a share of the requests (what pays, to 20%)"),
    ] = None
    target: Annotated[Text, flag("--target", help="the percentile to lower: p99 (p99)")] = None
    correlation: Annotated[
        Text,
        flag(
            "--correlation",
            help="how much of its slowness a request keeps when it is sent again, 0 to 1 (0)",
        ),
    ] = None
    by: Annotated[Text, flag("--by", help="path: also each route by itself (or JTL label)")] = None
    seed: Annotated[Text, flag("--seed", help="of the draws behind the interval (1)")] = None
    top: Annotated[Text, flag("--top", help="with --by: that many routes, the busiest (10)")] = None


@dataclass(frozen=True)
class LogFlags:
    """What the log looks like."""

    format: Annotated[
        Text,
        flag(
            "--format",
            help="hedgerow, nginx, envoy, istio, json, numbers, or a format as nginx's "
            "log_format and Envoy write it (found out from the first lines)",
        ),
    ] = None
    time: Annotated[
        Text, flag("--time", help="upstream or total, where a log has both (upstream)")
    ] = None
    unit: Annotated[Text, flag("--unit", help="ms, s or us: of numbers, and of --field (ms)")] = (
        None
    )
    field: Annotated[Text, flag("--field", help="of JSON lines: the key of the time")] = None
    methods: Annotated[
        Many,
        flag("--method", "-m", help="a method that is hedged, or all; repeat (GET HEAD OPTIONS)"),
    ] = ()


@dataclass(frozen=True)
class TuneFlags:
    """Everything that was asked for by flags."""

    goal: Annotated[GoalFlags, group("Goal", 1)] = GoalFlags()
    log: Annotated[LogFlags, group("Log", 2)] = LogFlags()


NO_FLAGS: Final = TuneFlags()


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, read."""

    goal: Goal
    target: str  # as it was written: p99.9
    correlation: float
    routes: int  # 0: only all requests together
    form: Form
    methods: frozenset[str] | None
    seed: int


def asked_of(flags: TuneFlags) -> Asked:
    """Read all flags; raises ConfigError."""
    goal = flags.goal
    target = goal.target or "p99"
    return Asked(
        goal=Goal(quantile=_quantile(target), budget=_budget(goal.budget)),
        target=target,
        correlation=_correlation(goal.correlation),
        routes=_routes(goal),
        form=_form(flags.log),
        methods=_methods(flags.log.methods),
        seed=count("--seed", goal.seed, least=0) if goal.seed else 1,
    )


# --- within ---


def _quantile(text: str) -> float:
    found = _TARGET.fullmatch(text)
    quantile = float(found[1]) / 100 if found else 0.0
    if not 0.5 <= quantile < 1:
        raise ConfigError(
            "--target", got=text, must="a percentile from p50 to p99.999", fix="Write --target p99."
        )
    return quantile


def _budget(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        budget = parse_share(text)
    except ValueError as error:
        raise ConfigError("--budget", got=text, must=str(error), fix="Write --budget 5%.") from None
    if not 0.0001 <= budget <= 1:
        raise ConfigError("--budget", got=text, must="from 0.01% to 100%", fix="Write --budget 5%.")
    return budget


def _correlation(text: str | None) -> float:
    try:
        return parse_share(text) if text is not None else 0.0
    except ValueError as error:
        raise ConfigError(
            "--correlation", got=text, must=str(error), fix="Write --correlation 0.5."
        ) from None


def _routes(flags: GoalFlags) -> int:
    if flags.by is None:
        if flags.top is not None:
            raise ConfigError(
                "--top", got=flags.top, must="given with --by path", fix="Add --by path."
            )
        return 0
    if flags.by not in ("path", "label"):
        raise ConfigError("--by", got=flags.by, must="path or label", fix="Write --by path.")
    return count("--top", flags.top) if flags.top is not None else 10


def _form(flags: LogFlags) -> Form:
    which = _WHICH.get(flags.time or "upstream")
    if which is None:
        raise ConfigError(
            "--time", got=flags.time, must="upstream or total", fix="Write --time total."
        )
    if flags.unit is not None and flags.unit not in UNITS:
        raise ConfigError("--unit", got=flags.unit, must="ms, s or us", fix="Write --unit ms.")
    return Form(name=flags.format, which=which, unit=flags.unit, field=flags.field)


def _methods(given: Many) -> frozenset[str] | None:
    if "all" in given:
        return None
    return frozenset(method.upper() for method in given) or IDEMPOTENT_BY_DEFAULT
