"""The ``options`` of a scenario: how it is meant to be played when no flag says otherwise.

Two vocabularies, because people bring either: the names of our flags (``users``,
``ramp_up``, ``slo``) and k6's words (``vus``, ``stages``, ``scenarios``, ``thresholds``; see
``k6``).  They may be mixed as long as nothing is said twice.  A word that is not
known is refused: a load that is not the one that was asked for is the worst outcome.  Must
not know flags; whoever reads those lets them win, setting by setting.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from hedgerow.errors import ConfigError
from hedgerow.load.plan import Closed, Open, Stage, ThinkTime
from hedgerow.load.scenario import k6, values


class ScenarioDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say; None, empty or False where they say nothing."""

    # A closed model.
    users: int | None = None  # with stages the most there will be
    ramp_up: float | None = None
    iterations: int | None = None  # of each user
    shared_iterations: int | None = None  # of all users together
    think: ThinkTime | None = None
    new_user_each_iteration: bool = False
    no_cookies: bool = False
    # An open model.
    rate: float | None = None  # at the beginning; None: the model is closed
    arrivals: Literal["even", "poisson"] | None = None
    connections: int | None = None  # users at once, at most
    deadline: float | None = None
    # Both.
    stages: tuple[Stage, ...] = ()  # of arrivals a second where there is a rate, else of users
    duration: float | None = None
    requests: int | None = None
    warm_up: float | None = None
    timeout: float | None = None
    processes: int | None = None
    base_url: str | None = None
    insecure: bool = False
    no_keepalive: bool = False
    slo: tuple[str, ...] = ()
    abort_on_fail: bool = False

    def model(self) -> Closed | Open:
        """The model as a part of a plan; one user where nothing is said."""
        if self.rate is not None:
            return Open(
                start_rate=self.rate,
                stages=self.stages,
                spacing=self.arrivals or "even",
                max_connections=self.connections,
                shed_after=self.deadline,
            )
        return Closed(
            users=self.users or 1,
            ramp_up=self.ramp_up or 0.0,
            stages=self.stages,
            iterations=self.iterations,
            shared_iterations=self.shared_iterations,
            think_time=self.think or ThinkTime(),
            new_user_each_iteration=self.new_user_each_iteration,
            keeps_cookies=not self.no_cookies,
        )


#: The words that set one thing each: what they set, and how they are read.
_WORDS: Final[dict[str, tuple[str, values.Reader]]] = {
    "users": ("users", values.count),
    "ramp_up": ("ramp_up", values.duration),
    "iterations": ("iterations", values.count),
    "think": ("think", values.think_time),
    "new_user_each_iteration": ("new_user_each_iteration", values.yes_or_no),
    "no_cookies": ("no_cookies", values.yes_or_no),
    "arrivals": ("arrivals", values.one_of("even", "poisson")),
    "connections": ("connections", values.count),
    "deadline": ("deadline", values.duration_above_none),
    "duration": ("duration", values.duration_above_none),
    "requests": ("requests", values.count),
    "warm_up": ("warm_up", values.duration),
    "timeout": ("timeout", values.duration_above_none),
    "processes": ("processes", values.count),
    "base_url": ("base_url", values.text),
    "insecure": ("insecure", values.yes_or_no),
    "no_keepalive": ("no_keepalive", values.yes_or_no),
    "slo": ("slo", values.texts),
    "abort_on_fail": ("abort_on_fail", values.yes_or_no),
    # k6's
    "vus": ("users", values.count),
    "insecureSkipTLSVerify": ("insecure", values.yes_or_no),
    "noConnectionReuse": ("no_keepalive", values.yes_or_no),
}
#: The words that mean something only together with others.
_COMPOUND: Final = ("rate", "stages", "scenarios", "thresholds")
_CLOSED_ONLY: Final = (
    "users", "ramp_up", "iterations", "shared_iterations", "think", "new_user_each_iteration",
    "no_cookies",
)  # fmt: skip
_OPEN_ONLY: Final = ("arrivals", "connections", "deadline")


def read_options(options: Mapping[str, Any], name: str) -> ScenarioDefaults:
    """Read what a scenario called ``name`` says; raises ConfigError."""
    where = f"{name} options"
    found: dict[str, Any] = {}
    for word, value in values.mapping(where, options).items():
        here = f"{where}[{word!r}]"
        if word in _WORDS:
            setting, read = _WORDS[word]
            _add(here, value, {setting: read(here, value)}, found)
        elif word not in _COMPOUND:
            values.refuse_word(where, word, value, (*_WORDS, *_COMPOUND))
    for word, read_compound in _READ_COMPOUND:
        if word in options:
            here = f"{where}[{word!r}]"
            _add(here, options[word], read_compound(here, options, found), found)
    if "vus" in options and "iterations" in found:  # k6 deals them out to all its users
        found["shared_iterations"] = found.pop("iterations")
    _check(where, found)
    return ScenarioDefaults(**found)


def _add(where: str, value: object, settings: dict[str, Any], found: dict[str, Any]) -> None:
    """Take settings over; promises add up, everything else may be said once."""
    for setting, read in settings.items():
        if setting == "slo":
            found["slo"] = found.get("slo", ()) + read
        elif setting in found and setting != "abort_on_fail":
            raise ConfigError(
                where,
                got=value,
                must=f"the only word that sets {setting}",
                fix="Keep one of the two.",
            )
        else:
            found[setting] = found.get(setting, False) or read


# --- words that need others ---


def _rate(where: str, options: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """``200``, or the ramp ``'100:500'`` over the duration."""
    value = options["rate"]
    if not (isinstance(value, str) and ":" in value):
        return {"rate": values.rate(where, value)}
    if "duration" not in found:
        raise ConfigError(where, got=value, must="given with a duration", fix="Add 'duration'.")
    first, _, last = value.partition(":")
    start = 0.0 if first == "0" else values.rate(where, first)
    target = 0.0 if last == "0" else values.rate(where, last)
    before = Stage(seconds=found.get("warm_up", 0.0), target=start)
    ramp = Stage(seconds=found["duration"], target=target)
    return {"rate": start, "stages": (before, ramp) if before.seconds else (ramp,)}


def _stages(where: str, options: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    stages = values.stages(where, options["stages"])
    if any(values.is_of_a_rate(stage) for stage in options["stages"]):
        start = {} if "rate" in found else {"rate": 0.0}
        return {"stages": stages, **start, **_until_the_end(stages, found)}
    if "rate" in found:
        raise ConfigError(
            where, got=options["stages"], must="of rates beside a rate", fix="Write '30s:100/s'."
        )
    if "users" in options:
        raise ConfigError(
            f"{where}", got=options["stages"], must="without users", fix="Stages say how many."
        )
    as_in_k6 = any(isinstance(stage, Mapping) for stage in options["stages"])
    start_vus = found.pop("users", 1) if as_in_k6 else 0
    return {**k6.ramping_vus(stages, start_vus), **_until_the_end(stages, found)}


def _until_the_end(stages: tuple[Stage, ...], found: dict[str, Any]) -> dict[str, Any]:
    """The measured part of all stages, unless the options say another."""
    if "duration" in found:
        return {"duration": found.pop("duration")}
    return {"duration": sum(stage.seconds for stage in stages) - found.get("warm_up", 0.0)}


def _scenarios(where: str, options: Mapping[str, Any], _: dict[str, Any]) -> dict[str, Any]:
    return k6.read_scenarios(where, options["scenarios"])


def _thresholds(where: str, options: Mapping[str, Any], _: dict[str, Any]) -> dict[str, Any]:
    return k6.read_thresholds(where, options["thresholds"])


_READ_COMPOUND: Final = (
    ("rate", _rate), ("stages", _stages), ("scenarios", _scenarios), ("thresholds", _thresholds),
)  # fmt: skip


def _check(where: str, found: dict[str, Any]) -> None:
    """Refuse what belongs to the other model, and a warm-up that leaves nothing."""
    is_open = "rate" in found
    for setting in _CLOSED_ONLY if is_open else _OPEN_ONLY:
        if setting in found:
            raise ConfigError(
                f"{where}[{setting!r}]",
                got=found[setting],
                must="given with users, not with a rate" if is_open else "given with a rate",
                fix="Users wait for their answers, arrivals at a rate do not: keep one of them.",
            )
    if is_open and max(found["rate"], *(s.target for s in found.get("stages", ())), 0.0) <= 0:
        raise ConfigError(f"{where} rate", got=0, must="above 0 somewhere", fix="Raise a stage.")
    if found.get("duration", 1.0) <= 0:
        raise ConfigError(
            f"{where}['warm_up']",
            got=found["warm_up"],
            must="shorter than all stages together",
            fix="Shorten it, or add a stage.",
        )
