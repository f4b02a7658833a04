"""Whether the settings of an upstream fit together.  A part of ``settings.checks``."""

from hedgerow.serve.settings import Check, Health, Queue, Upstream
from hedgerow.serve.settings.shown import CHANGE_ONE, REMOVE, is_set, shown, time_text
from hedgerow.serve.settings.sources import Place


def check_upstream(upstream: Upstream, place: Place) -> None:
    """Raise ConfigError for the first place where they contradict each other."""
    _check_tls(upstream, place)
    _check_resolve(upstream, place / "resolve")
    if upstream.limit is None:
        _check_unused_queue(upstream.queue, place / "queue")
    _check_queue(upstream.queue, place / "queue")
    if upstream.health is not None:
        _check_health(upstream.health, place / "health")
    if upstream.check is not None:
        _check_check(upstream.check, place / "check")


def _check_tls(upstream: Upstream, place: Place) -> None:
    has_tls = any(replica.scheme == "https" for replica in upstream.replicas)
    for name in ("ca_file", "cert", "key", "verify"):
        if is_set(upstream, name) and not has_tls:
            must = "left out: no replica is https"
            raise (place / name).refuse(shown(upstream, name), must, REMOVE)
    if upstream.key is not None and upstream.cert is None:
        raise (place / "key").refuse(upstream.key, "given together with cert", REMOVE)
    if upstream.ca_file is not None and not upstream.verify:
        must = "left out where verify = false: nothing is checked with it"
        raise (place / "ca_file").refuse(upstream.ca_file, must, "Remove one of the two.")


def _check_resolve(upstream: Upstream, place: Place) -> None:
    if upstream.resolve is None or any(replica.is_name for replica in upstream.replicas):
        return
    raise place.refuse(time_text(upstream.resolve), "left out: no replica has a name", REMOVE)


def _check_unused_queue(queue: Queue, place: Place) -> None:
    """Without a limit everybody may in at once, so nobody waits."""
    for name in ("capacity", "patience", "newest_first"):
        if is_set(queue, name):
            fix = 'Write for example limit = "adaptive" (--limit adaptive), or remove the queue.'
            raise (place / name).refuse(shown(queue, name), "given together with a limit", fix)


def _check_queue(queue: Queue, place: Place) -> None:
    for name in ("patience", "newest_first"):
        if not queue.capacity and is_set(queue, name):
            must = "left out where capacity = 0: nobody waits"
            raise (place / name).refuse(shown(queue, name), must, CHANGE_ONE)


def _check_health(health: Health, place: Place) -> None:
    if health.ejection > health.longest_ejection:
        must = f"at most longest_ejection, {time_text(health.longest_ejection)}"
        raise (place / "ejection").refuse(time_text(health.ejection), must, CHANGE_ONE)


def _check_check(check: Check, place: Place) -> None:
    """A question is asked when the last one is over, so a long one would change the interval."""
    for name, seconds in (("timeout", check.timeout), ("fast_interval", check.fast_interval)):
        if seconds > check.interval:
            must = f"at most interval, {time_text(check.interval)}"
            raise (place / name).refuse(time_text(seconds), must, CHANGE_ONE)
