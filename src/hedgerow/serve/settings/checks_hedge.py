"""Whether the settings of hedging fit together.  A part of ``settings.checks``."""

from hedgerow.serve.settings import Hedge, Route, Upstream
from hedgerow.serve.settings.shown import CHANGE_ONE, share_text, shown, time_text
from hedgerow.serve.settings.sources import Place


def check_hedge(route: Route, upstream: Upstream, place: Place) -> None:
    """Raise ConfigError for the first place where they contradict each other."""
    _check_attempts(route, place)
    _check_what_needs_a_delay(route.hedge, place)
    if route.hedge.delay == "auto":
        _check_learned_delay(route.hedge, place)
    _check_effect(route, upstream, place)


def _check_attempts(route: Route, place: Place) -> None:
    """The numbers of hedging among themselves, and the delay with the deadline."""
    hedge, longest = route.hedge, route.deadline.longest
    if hedge.delay is not None and not hedge.extra:
        fix = 'To only retry, remove delay; to send nothing twice, write hedge = "off".'
        raise (place / "extra").refuse(hedge.extra, "at least 1 where there is a delay", fix)
    if hedge.max_attempts < 1 + hedge.extra:
        must = f"at least {1 + hedge.extra}: the first attempt and extra = {hedge.extra}"
        raise (place / "max_attempts").refuse(hedge.max_attempts, must, CHANGE_ONE)
    if isinstance(hedge.delay, float) and longest is not None and hedge.delay >= longest:
        must = f"below the longest deadline, {time_text(longest)}: no copy would ever be sent"
        fix = "Shorten hedge.delay, or lengthen the deadline."
        raise (place / "delay").refuse(time_text(hedge.delay), must, fix)


def _check_what_needs_a_delay(hedge: Hedge, place: Place) -> None:
    if hedge.delay is None and hedge.probability is not None:
        fix = 'Write delay = "auto" (--hedge-delay auto), or remove it: retries have no chance.'
        got = shown(hedge, "probability")
        raise (place / "probability").refuse(got, "given together with a delay", fix)
    if hedge.delay != "auto" and hedge.aim is not None:
        fix = 'Write delay = "auto" (--hedge-delay auto), or remove it: yours is what it is.'
        got = share_text(hedge.aim)
        raise (place / "aim").refuse(got, 'given together with delay = "auto"', fix)


def _check_learned_delay(hedge: Hedge, place: Place) -> None:
    """The delay is steered to the aim, and the budget is the fuse beside it."""
    if hedge.aim is not None and hedge.budget is not None and hedge.aim > hedge.budget:
        must = f"at most budget, {share_text(hedge.budget)}: it pays for the copies"
        raise (place / "aim").refuse(share_text(hedge.aim), must, CHANGE_ONE)
    if hedge.mode == "burst":
        must = '"staggered" where delay = "auto", as it is by default: copies go out one at a time'
        raise (place / "mode").refuse(hedge.mode, must, "Remove it, or write a delay.")


def _check_effect(route: Route, upstream: Upstream, place: Place) -> None:
    """Copies go to other replicas: without one, what was asked for would never happen."""
    hedge = route.hedge
    if hedge.same_replica or upstream.may_have_several:
        return
    asked = {
        "delay": isinstance(hedge.delay, float),
        "extra": hedge.extra > 1,
        "max_attempts": hedge.max_attempts > 2,
    }
    for name, is_asked in asked.items():
        if is_asked:
            must = f"left out: copies go to other replicas, and {route.upstream!r} has only one"
            fix = "Add a replica, or allow the same one: same_replica = true (--same-replica)."
            raise (place / name).refuse(shown(hedge, name), must, fix)
