"""What one setting cannot tell about itself: whether the settings fit together.

:func:`check` is the one place for that; nothing deeper checks again.  A setting that
can have no effect is an error too: whoever wrote it expects one.
"""

from itertools import combinations

from hedgerow.serve.replies import is_body_value, texts_in
from hedgerow.serve.settings import Deadline, Hedge, Reply, Route, Server, Settings, Upstream
from hedgerow.serve.settings.fields import Record, fields_of
from hedgerow.serve.settings.kinds import DURATION, SIZE, nearest
from hedgerow.serve.settings.names import parameters
from hedgerow.serve.settings.sources import NOTHING, AsWritten, Place

_WITHOUT_BODY = (204, 304)


def check(settings: Settings) -> None:
    """Raise ConfigError for the first place where settings contradict each other."""
    top = Place(settings.sources)
    _check_limits(settings.server, top / "server" / "limits")
    for name, upstream in settings.upstreams.items():
        _check_tls(upstream, top / "upstream" / name)
    for number, route in enumerate(settings.routes):
        place = top / "route" / number
        _check_upstream(route, settings, place)
        _check_rewrite(route, place)
        _check_deadline(route, place / "deadline")
        _check_attempts(route, place / "hedge")
        _check_learned_delay(route.hedge, place / "hedge")
        _check_effect_of_hedging(route, settings.upstreams[route.upstream], place / "hedge")
        _check_bodies(route, settings.server, place)
        _check_replies(route, place / "replies")
    _check_doubles(settings, top / "route")


def _check_limits(server: Server, place: Place) -> None:
    limits = server.limits
    if limits.max_request_line > limits.max_head:
        must = f"at most max_head, {_size(limits.max_head)}: the request line is a part of the head"
        line = place / "max_request_line"
        raise line.refuse(_size(limits.max_request_line), must, "Change one of the two.")


def _check_tls(upstream: Upstream, place: Place) -> None:
    has_tls = any(replica.scheme == "https" for replica in upstream.replicas)
    for name in ("ca_file", "verify"):
        if _is_set(upstream, name) and not has_tls:
            must = "left out: no replica is https"
            raise (place / name).refuse(_shown(upstream, name), must, _REMOVE)
    if upstream.ca_file is not None and not upstream.verify:
        must = "left out where verify = false: nothing is checked with it"
        raise (place / "ca_file").refuse(upstream.ca_file, must, "Remove one of the two.")


def _check_upstream(route: Route, settings: Settings, place: Place) -> None:
    known = settings.upstreams
    if route.upstream in known:
        return
    listed = ", ".join(known)
    if not route.upstream:
        fix = f"Write for example upstream = {next(iter(known))!r}; there are {listed}."
        must = "given where there are several upstreams"
        raise (place / "upstream").refuse(NOTHING, must, fix)
    meant = nearest(route.upstream, list(known))
    fix = f"Did you mean {meant!r}?" if meant else f"There are {listed}."
    must = "the name of an [upstream.NAME]"
    raise (place / "upstream").refuse(route.upstream, must, fix)


def _check_rewrite(route: Route, place: Place) -> None:
    rewrite = route.rewrite
    if rewrite is None:
        return
    there, known = place / "rewrite", parameters(route.path)
    for name in parameters(rewrite):
        if name not in known:
            raise there.refuse(rewrite, f"without {{{name}}}", _parameters_of(route))
    if route.path.endswith("/") and known:
        must = f"left out where the path is a prefix with parameters, as {route.path} is"
        raise there.refuse(rewrite, must, "Write one route a path, without the / at its end.")
    if route.path.endswith("/") and not rewrite.endswith("/"):
        must = f"a prefix too, as path = '{route.path}' is: what follows it is kept"
        raise there.refuse(rewrite, must, f'Write "{rewrite}/".')


def _check_deadline(route: Route, place: Place) -> None:
    deadline = route.deadline
    for name in ("unit", "min", "max"):
        if deadline.source is None and _is_set(deadline, name):
            fix = 'Write for example from = "query.timeout", or remove it.'
            shown = _shown(deadline, name)
            raise (place / name).refuse(shown, "given together with from", fix)
    source = deadline.source
    if source is not None and source.place == "path" and source.name not in parameters(route.path):
        must = f"a parameter of the path: {route.path} has no {{{source.name}}}"
        fix = f"Write {{{source.name}}} into path, or use query. or header. instead."
        raise (place / "from").refuse(_shown(deadline, "from"), must, fix)
    _check_deadline_order(deadline, place)
    longest = deadline.longest
    if deadline.per_try is not None and longest is not None and deadline.per_try >= longest:
        must = f"below the longest deadline, {_time(longest)}: it would never end an attempt"
        raise (place / "per_try").refuse(_time(deadline.per_try), must, "Shorten or remove it.")


def _check_deadline_order(deadline: Deadline, place: Place) -> None:
    highest = deadline.maximum
    if highest is not None and deadline.minimum > highest:
        must = f"at most max, {_time(highest)}"
        raise (place / "min").refuse(_time(deadline.minimum), must, "Change one of the two.")
    if highest is not None and deadline.default > highest:
        must = f"at most max, {_time(highest)}"
        raise (place / "default").refuse(_time(deadline.default), must, "Change one of the two.")
    if deadline.default < deadline.minimum:
        must = f"at least min, {_time(deadline.minimum)}"
        raise (place / "default").refuse(_time(deadline.default), must, "Change one of the two.")


def _check_attempts(route: Route, place: Place) -> None:
    """The numbers of hedging among themselves, and the delay with the deadline."""
    hedge, longest = route.hedge, route.deadline.longest
    if hedge.delay is not None and not hedge.extra:
        fix = 'To only retry, remove delay; to send nothing twice, write hedge = "off".'
        raise (place / "extra").refuse(hedge.extra, "at least 1 where there is a delay", fix)
    if hedge.max_attempts < 1 + hedge.extra:
        must = f"at least {1 + hedge.extra}: the first attempt and extra = {hedge.extra}"
        raise (place / "max_attempts").refuse(hedge.max_attempts, must, "Change one of the two.")
    if isinstance(hedge.delay, float) and longest is not None and hedge.delay >= longest:
        must = f"below the longest deadline, {_time(longest)}: no copy would ever be sent"
        fix = "Shorten hedge.delay, or lengthen the deadline."
        raise (place / "delay").refuse(_time(hedge.delay), must, fix)


def _check_learned_delay(hedge: Hedge, place: Place) -> None:
    """The delay that is steered to the budget, and the coin of whatever delay there is."""
    if hedge.delay is None and hedge.probability is not None:
        fix = 'Write for example delay = "auto", or remove it: retries leave nothing to chance.'
        shown = _shown(hedge, "probability")
        raise (place / "probability").refuse(shown, "given together with a delay", fix)
    if hedge.delay != "auto":
        return
    if hedge.budget is None:
        must = 'a share where delay = "auto": the delay is steered to it'
        raise (place / "budget").refuse("off", must, 'Write for example budget = "5%".')
    if hedge.mode == "burst":
        must = '"staggered" where delay = "auto": copies go out one at a time'
        raise (place / "mode").refuse(hedge.mode, must, "Remove it.")


def _check_effect_of_hedging(route: Route, upstream: Upstream, place: Place) -> None:
    """Copies go to other replicas: without one, what was asked for would never happen."""
    hedge = route.hedge
    if hedge.max_attempts == 1 or hedge.same_replica or len(upstream.replicas) > 1:
        return
    for name in ("delay", "extra", "max_attempts"):
        if _is_set(hedge, name):
            must = f"left out: copies go to other replicas, and {route.upstream!r} has only one"
            fix = "Add a replica, or allow the same one: same_replica = true (--same-replica)."
            raise (place / name).refuse(_shown(hedge, name), must, fix)


def _check_bodies(route: Route, server: Server, place: Place) -> None:
    highest = server.limits.max_body
    if route.max_body is not None and route.max_body > highest:
        must = f"at most max_body of [server.limits], {_size(highest)}"
        raise (place / "max_body").refuse(_size(route.max_body), must, "Change one of the two.")
    if route.success.body == "json" and not route.max_held:
        must = 'at least 1 where success.body = "json": the answer is kept until it is whole'
        raise (place / "max_held").refuse(route.max_held, must, 'Write for example "1MiB".')


def _check_replies(route: Route, place: Place) -> None:
    for name in fields_of(type(route.replies)):
        reply: Reply | None = getattr(route.replies, name)
        if reply is not None:
            _check_reply(reply, place / name, is_success=name == "success")
            if name.startswith("deadline_") and route.deadline.source is None:
                fix = 'Write for example deadline = {from = "query.timeout"}, or remove the reply.'
                must = "given together with deadline.from"
                raise (place / name).refuse(AsWritten("{...}"), must, fix)
    if route.replies.success is not None and route.success.body != "json":
        must = 'given together with success.body = "json": it is made of the upstream\'s JSON'
        fix = 'Write success = {body = "json"}.'
        raise (place / "success").refuse(AsWritten("{...}"), must, fix)


def _check_reply(reply: Reply, place: Place, *, is_success: bool) -> None:
    if reply.json is not None and reply.text is not None:
        raise (place / "text").refuse(reply.text, "left out where there is json", _REMOVE)
    body = "json" if reply.json is not None else "text"
    has_body = reply.json is not None or reply.text is not None
    if has_body and reply.status in _WITHOUT_BODY:
        must = f"left out: answers with status {reply.status} have no body"
        raise (place / body).refuse(_shown(reply, body), must, _REMOVE)
    for text in texts_in(reply.json if reply.json is not None else reply.text):
        if "{body" not in text:
            continue
        there = place / body
        if not is_success:
            must = "without {body...}: there is no good answer to take values from"
            raise there.refuse(text, must, "Values of the upstream's answer go with success only.")
        if body == "text" or not is_body_value(text):
            must = "exactly {body.NAME}, as a whole value of json"
            raise there.refuse(text, must, 'Write for example json = {time = "{body.time}"}.')


def _check_doubles(settings: Settings, place: Place) -> None:
    """Two routes for the same requests: which one is meant cannot be known."""
    for (first, one), (second, other) in combinations(enumerate(settings.routes), 2):
        same_methods = one.methods == other.methods
        if one.methods is not None and other.methods is not None:
            same_methods = bool(set(one.methods) & set(other.methods))
        if same_methods and one.host == other.host and _form(one.path) == _form(other.path):
            must = f"another path, host or methods than [route {first + 1}] has"
            fix = f"Change or remove [route {first + 1}] or [route {second + 1}]."
            raise (place / second / "path").refuse(other.path, must, fix)


def _form(path: str) -> str:
    """Return a path pattern without the names of its parameters, which match the same."""
    for name in parameters(path):
        path = path.replace(f"{{{name}}}", "{}")
    return path


# --- how values are shown ---

_REMOVE = "Remove it."


def _is_set(record: Record, name: str) -> bool:
    """Say whether a setting differs from its default; to write the default down is harmless."""
    field = fields_of(type(record))[name]
    return bool(getattr(record, field.attribute) != field.default)


def _shown(record: Record, name: str) -> AsWritten | str:
    """Return a value as an error shows it: texts without TOML's quotes."""
    field = fields_of(type(record))[name]
    text = field.write(getattr(record, field.attribute))
    return text.strip('"') if text.startswith('"') else AsWritten(text)


def _time(seconds: float) -> str:
    return DURATION.write(seconds).strip('"')


def _size(size: int) -> str:
    return SIZE.write(size).strip('"')


def _parameters_of(route: Route) -> str:
    known = ", ".join(f"{{{name}}}" for name in parameters(route.path))
    return f"The path has {known}." if known else f"The path {route.path} has no parameters."
