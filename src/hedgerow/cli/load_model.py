"""Who sends, and until when: what was asked for as a model with its end.

Checks what does not go together, so each refusal names both flags and the way out.  Must
not know what is sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hedgerow.cli.load_wishes import Wishes
from hedgerow.errors import ConfigError
from hedgerow.load.plan import Closed, Open, Stage, ThinkTime
from hedgerow.units import format_duration

_DURATION: Final = 10.0


@dataclass(frozen=True, slots=True)
class Course:
    """A model, and when it is over."""

    model: Closed | Open
    duration: float | None  # of the measured part
    requests: int | None
    warm_up: float


def course_of(wishes: Wishes, *, default_users: int) -> Course:
    """Make a model of what was asked for; raises ConfigError."""
    _check_alternatives(wishes)
    long = _duration(wishes)
    if wishes.is_open:
        _check_open(wishes)
        model: Closed | Open = _open(wishes, long)
    else:
        _check_closed(wishes)
        model = _closed(wishes, default_users)
    return Course(model, long, wishes.requests, wishes.warm_up or 0.0)


def _duration(wishes: Wishes) -> float | None:
    """How long the measured part is."""
    if wishes.duration is not None:
        return wishes.duration
    if wishes.stages:
        measured = sum(stage.seconds for stage in wishes.stages) - (wishes.warm_up or 0.0)
        if measured <= 0:
            raise _wrong("-W", wishes.warm_up, "shorter than all stages together", "Shorten it.")
        return measured
    return None if wishes.has_end else _DURATION


# --- the two models ---


def _closed(wishes: Wishes, default_users: int) -> Closed:
    return Closed(
        users=_users(wishes, default_users),
        ramp_up=wishes.ramp_up or 0.0,
        stages=wishes.stages,
        iterations=wishes.iterations,
        shared_iterations=wishes.shared_iterations,
        think_time=wishes.think_time or ThinkTime(),
        new_user_each_iteration=wishes.new_user_each_iteration,
        keeps_cookies=not wishes.no_cookies,
    )


def _users(wishes: Wishes, default_users: int) -> int:
    if wishes.stages:
        most = round(max(stage.target for stage in wishes.stages))
        if not most:
            raise _wrong("-s", most, "above 0 somewhere", "Write for example 30s:100.")
        return most
    asked = wishes.users or wishes.connections
    return asked or min(default_users, wishes.requests or default_users)


def _open(wishes: Wishes, long: float | None) -> Open:
    first = wishes.rate or 0.0
    steps = wishes.stages if wishes.rate_at_end is None else _ramp(wishes, wishes.rate_at_end, long)
    if max([first, *(stage.target for stage in steps)]) <= 0:
        fix = "Write -R 200, or -c 100 without -R for as fast as answers come."
        raise _wrong("-R", f"{first:g}", "above 0 somewhere", fix)
    return Open(
        start_rate=first,
        stages=steps,
        spacing=wishes.arrivals or "even",
        max_connections=wishes.connections,
        shed_after=wishes.shed_after,
    )


def _ramp(wishes: Wishes, last: float, long: float | None) -> tuple[Stage, ...]:
    """Go from A to B over the measured part; the warm-up is spent at A."""
    first, warm_up = wishes.rate or 0.0, wishes.warm_up or 0.0
    shown = f"{first:g}:{last:g}"
    if wishes.stages:
        raise _wrong("-R", shown, "one rate where -s is given", "The stages are the ramp.")
    if long is None:
        raise _wrong("-R", shown, "given with -d, which says how long the ramp is", "Add -d 30s.")
    if first <= 0 < warm_up:
        raise _wrong("-R", shown, "above 0 at first where -W is given", f"Write -R 1:{last:g}.")
    ramp = (Stage(seconds=long, target=last),)
    return (Stage(seconds=warm_up, target=first), *ramp) if warm_up else ramp


# --- what does not go together ---


def _check_alternatives(wishes: Wishes) -> None:
    if wishes.users is not None and wishes.connections is not None and not wishes.is_open:
        raise _wrong(
            "-c",
            wishes.connections,
            "given without -u, because each user has one connection",
            "Keep one of them.",
        )
    if not wishes.stages:
        return
    if wishes.users is not None:
        raise _wrong("-u", wishes.users, "given without -s, which says how many when", "Drop -u.")
    if wishes.rate is not None and not wishes.stages_are_rates:
        raise _wrong(
            "-s",
            ", ".join(f"{stage.seconds:g}s:{stage.target:g}" for stage in wishes.stages),
            "of rates where -R is given",
            "Write 30s:100/s for a rate, or drop -R.",
        )


def _check_open(wishes: Wishes) -> None:
    """Refuse what only users do."""
    if wishes.users is not None:
        raise _wrong(
            "-u",
            wishes.users,
            "given without -R: users wait for their answers, a rate does not",
            "Keep -u for a closed model, or -R for an open one, with -c as the most at once.",
        )
    given: tuple[tuple[str, object, str], ...] = (
        ("--ramp-up", wishes.ramp_up, "Write -R A:B for a ramp."),
        ("-i", wishes.iterations, "Write -n for a number of requests."),
        ("--think", wishes.think_time, "The rate is the pace."),
        (
            "--new-user-each-iteration",
            wishes.new_user_each_iteration or None,
            "Each arrival is somebody new already.",
        ),
        ("--no-cookies", wishes.no_cookies or None, "Arrivals keep none."),
    )
    _refuse(given, "given with users (-u or -c), not with a rate (-R)")


def _check_closed(wishes: Wishes) -> None:
    """Refuse what only a rate does, and a second word for how many users there are."""
    if wishes.stages and wishes.connections is not None:
        raise _wrong(
            "-c", wishes.connections, "given without -s, which says how many when", "Drop -c."
        )
    if wishes.stages and wishes.ramp_up is not None:
        shown = format_duration(wishes.ramp_up)
        raise _wrong("--ramp-up", shown, "given without -s", "The stages are the ramp.")
    _refuse(
        (
            ("--arrivals", wishes.arrivals, "Add -R 200."),
            ("--deadline", wishes.shed_after, "For a limit on the whole request use -t."),
        ),
        "given with a rate (-R)",
    )


def _refuse(given: Iterable[tuple[str, object, str]], must: str) -> None:
    for flag, value, fix in given:
        if value is not None:
            raise _wrong(flag, _shown(value), must, fix)


def _wrong(flag: str, got: object, must: str, fix: str) -> ConfigError:
    return ConfigError(flag, got=got, must=must, fix=fix)


def _shown(value: object) -> object:
    match value:
        case ThinkTime(low=low, high=high):
            return f"{low:g}s..{high:g}s"
        case float():
            return format_duration(value)
        case True:
            return "set"
        case _:
            return value
