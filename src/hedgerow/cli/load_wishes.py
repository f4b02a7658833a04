"""How much load was asked for, by flags and by a scenario's options; flags win.

Reads and merges; whether the wishes go together is found out by ``load_model``.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Final, Literal, TypeVar

from hedgerow.cli.load_flags import ConnectionFlags, LoadShape
from hedgerow.cli.load_values import (
    count,
    duration,
    positive_duration,
    rates,
    run_duration,
    stages,
    think_time,
)
from hedgerow.errors import ConfigError
from hedgerow.load.plan import Stage, ThinkTime
from hedgerow.load.scenario.options import ScenarioDefaults

T = TypeVar("T")

Spacing = Literal["even", "poisson"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for; None, empty and False: nothing."""

    connections: int | None = None
    users: int | None = None
    rate: float | None = None
    rate_at_end: float | None = None  # of a ramp, -R A:B
    stages: tuple[Stage, ...] = ()
    stages_are_rates: bool = False
    arrivals: Spacing | None = None
    shed_after: float | None = None
    ramp_up: float | None = None
    think_time: ThinkTime | None = None
    new_user_each_iteration: bool = False
    no_cookies: bool = False
    iterations: int | None = None  # of each user
    shared_iterations: int | None = None  # of all users together
    requests: int | None = None
    duration: float | None = None
    warm_up: float | None = None

    @property
    def is_open(self) -> bool:
        """True where a rate was asked for."""
        return self.rate is not None or self.stages_are_rates

    @property
    def has_end(self) -> bool:
        """True where something says when the run is over."""
        return any(_is_said(getattr(self, name)) for name in _END)


#: What goes together: whoever says one of these by a flag has chosen against all the others.
_MODEL: Final = (
    "connections", "users", "rate", "rate_at_end", "stages", "stages_are_rates",
)  # fmt: skip
_OPEN_ONLY: Final = ("arrivals", "shed_after")
_CLOSED_ONLY: Final = (
    "ramp_up", "think_time", "new_user_each_iteration", "no_cookies", "iterations",
    "shared_iterations",
)  # fmt: skip
_END: Final = ("iterations", "shared_iterations", "requests", "duration")


def wishes_of(shape: LoadShape, connection: ConnectionFlags, *, no_cookies: bool) -> Wishes:
    """Read the flags; raises ConfigError."""
    steps, are_rates = stages(shape.stages)
    rate, rate_at_end = rates(shape.rate) if shape.rate is not None else (None, None)
    return Wishes(
        connections=_read(count, "-c", shape.connections),
        users=_read(count, "-u", shape.users),
        rate=rate,
        rate_at_end=rate_at_end,
        stages=steps,
        stages_are_rates=are_rates,
        arrivals=_spacing(shape.arrivals),
        shed_after=_read(positive_duration, "--deadline", connection.deadline),
        ramp_up=_read(duration, "--ramp-up", shape.ramp_up),
        think_time=think_time(shape.think) if shape.think is not None else None,
        new_user_each_iteration=shape.new_user,
        no_cookies=no_cookies,
        iterations=_read(count, "-i", shape.iterations),
        requests=_read(count, "-n", shape.requests),
        duration=run_duration(shape.duration) if shape.duration is not None else None,
        warm_up=_read(duration, "-W", shape.warm_up),
    )


def wishes_of_scenario(options: ScenarioDefaults) -> Wishes:
    """Take over what a scenario's options say of the load."""
    return Wishes(
        connections=options.connections,
        users=None if options.stages else options.users,
        rate=options.rate,
        stages=options.stages,
        stages_are_rates=bool(options.stages) and options.rate is not None,
        arrivals=options.arrivals,
        shed_after=options.deadline,
        ramp_up=options.ramp_up,
        think_time=options.think,
        new_user_each_iteration=options.new_user_each_iteration,
        no_cookies=options.no_cookies,
        iterations=options.iterations,
        shared_iterations=options.shared_iterations,
        requests=options.requests,
        duration=options.duration,
        warm_up=options.warm_up,
    )


def merged(flags: Wishes, options: Wishes) -> Wishes:
    """Let flags win: word by word, but a model and an end are chosen as a whole."""
    dropped = _chosen_against(flags, options)
    kept = {
        field.name: getattr(options, field.name)
        for field in fields(Wishes)
        if field.name not in dropped and not _is_said(getattr(flags, field.name))
    }
    return replace(flags, **kept)


def _chosen_against(flags: Wishes, options: Wishes) -> set[str]:
    dropped: set[str] = set()
    if flags.is_open:
        dropped.update(_MODEL, _CLOSED_ONLY)
    elif flags.users is not None or flags.stages:
        dropped.update(_MODEL, _OPEN_ONLY)
    elif flags.connections is not None and not options.is_open:
        dropped.update(_MODEL)  # with a rate it is only a limit
    if flags.stages:
        dropped.update(("ramp_up", "duration"))
    if flags.has_end:
        dropped.update(_END)
    return dropped


def _spacing(text: str | None) -> Spacing | None:
    match text:
        case None | "even" | "poisson":
            return text
        case _:
            raise ConfigError(
                "--arrivals", got=text, must="even or poisson", fix="Write --arrivals poisson."
            )


def _is_said(value: object) -> bool:
    return value is not None and value is not False and value != ()


def _read(reader: Callable[[str, str], T], flag: str, text: str | None) -> T | None:
    return None if text is None else reader(flag, text)
