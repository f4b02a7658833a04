"""What one setting cannot tell about itself: whether the settings fit together.

:func:`check` is the one place for that; nothing deeper checks again.  A setting that
can have no effect is an error too: whoever wrote it expects one.
"""

from itertools import combinations

from hedgerow.serve.replies import is_body_value, texts_in
from hedgerow.serve.settings import AskedIn, Deadline, Reply, Route, Server, Settings
from hedgerow.serve.settings.addresses import same_address
from hedgerow.serve.settings.checks_guards import check_guards
from hedgerow.serve.settings.checks_hedge import check_hedge
from hedgerow.serve.settings.checks_kind import check_kind
from hedgerow.serve.settings.checks_listen import check_listen
from hedgerow.serve.settings.checks_upstream import check_upstream
from hedgerow.serve.settings.fields import fields_of
from hedgerow.serve.settings.kinds import nearest
from hedgerow.serve.settings.names import parameters
from hedgerow.serve.settings.shown import (
    CHANGE_ONE,
    REMOVE,
    is_set,
    shown,
    size_text,
    time_text,
)
from hedgerow.serve.settings.sources import NOTHING, AsWritten, Place

_WITHOUT_BODY = (204, 304)


def check(settings: Settings) -> None:
    """Raise ConfigError for the first place where settings contradict each other."""
    top = Place(settings.sources)
    _check_limits(settings.server, top / "server" / "limits")
    check_listen(settings.server, top / "server")
    _check_admin(settings.server, top / "server")
    for name, upstream in settings.upstreams.items():
        check_upstream(upstream, top / "upstream" / name)
    for number, route in enumerate(settings.routes):
        place = top / "route" / number
        check_kind(route, place)
        check_guards(route, place)
        if route.respond is not None:
            _check_reply(route.respond, place / "respond", is_success=False)
        if route.answers_itself:
            continue
        _check_upstream(route, settings, place)
        _check_rewrite(route, place)
        _check_deadline(route, place / "deadline")
        check_hedge(route, settings.upstreams[route.upstream], place / "hedge")
        _check_priority(route, place / "priority")
        if route.rate is not None and route.rate.by is not None:
            _check_asked_in(route, route.rate.by, place / "rate" / "by")
        _check_bodies(route, settings.server, place)
        _check_replies(route, place / "replies")
    _check_doubles(settings, top / "route")


def _check_limits(server: Server, place: Place) -> None:
    limits = server.limits
    if limits.max_request_line > limits.max_head:
        must = f"at most max_head, {size_text(limits.max_head)}: a request line is in the head"
        line = place / "max_request_line"
        raise line.refuse(size_text(limits.max_request_line), must, CHANGE_ONE)


def _check_admin(server: Server, place: Place) -> None:
    if server.admin is None:
        if is_set(server, "traces"):
            fix = 'Write for example admin = "127.0.0.1:8081", or remove it.'
            raise (place / "traces").refuse(server.traces, "given together with admin", fix)
        return
    for listen in server.listen:
        if same_address(server.admin, listen.address):
            must = f"another address than listen has, {listen.address}: that one is for clients"
            taken = {one.address.rpartition(":")[2] for one in server.listen}
            free = next(
                port for port in ("8081", "8082", "9901") if port not in taken or len(taken) > 2
            )
            fix = f'Write for example "127.0.0.1:{free}".'
            raise (place / "admin").refuse(server.admin, must, fix)


def _check_upstream(route: Route, settings: Settings, place: Place) -> None:
    known = settings.upstreams
    if route.upstream in known:
        return
    listed = ", ".join(known)
    if not known:
        fix = "Write [upstream.app] with replicas, or root, redirect or respond in this route."
        raise (place / "upstream").refuse(NOTHING, "given: there is no [upstream.NAME]", fix)
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
    can_be_asked_for = {
        "unit": bool(deadline.honours) and is_set(deadline, "honours"),
        "min": bool(deadline.honours),
        "max": False,
    }
    for name, without_from in can_be_asked_for.items():
        if deadline.source is None and not without_from and is_set(deadline, name):
            fix = 'Write for example from = "query.timeout", or remove it.'
            got = shown(deadline, name)
            raise (place / name).refuse(got, "given together with from", fix)
    if deadline.source is not None:
        _check_asked_in(route, deadline.source, place / "from")
    _check_deadline_order(deadline, place)
    longest = deadline.longest
    if deadline.per_try is not None and longest is not None and deadline.per_try >= longest:
        must = f"below the longest deadline, {time_text(longest)}: it would never end an attempt"
        raise (place / "per_try").refuse(time_text(deadline.per_try), must, "Shorten or remove it.")


def _check_deadline_order(deadline: Deadline, place: Place) -> None:
    highest = deadline.maximum
    if highest is not None and deadline.minimum > highest:
        must = f"at most max, {time_text(highest)}"
        raise (place / "min").refuse(time_text(deadline.minimum), must, CHANGE_ONE)
    if highest is not None and deadline.default > highest:
        must = f"at most max, {time_text(highest)}"
        raise (place / "default").refuse(time_text(deadline.default), must, CHANGE_ONE)
    if deadline.default < deadline.minimum:
        must = f"at least min, {time_text(deadline.minimum)}"
        raise (place / "default").refuse(time_text(deadline.default), must, CHANGE_ONE)


def _check_asked_in(route: Route, asked: AskedIn, place: Place) -> None:
    """What a request says in its path stands where the route's path has a name for it."""
    if asked.place == "path" and asked.name not in parameters(route.path):
        must = f"a parameter of the path: {route.path} has no {{{asked.name}}}"
        fix = f"Write {{{asked.name}}} into path, or use query. or header. instead."
        raise place.refuse(".".join(asked), must, fix)


def _check_priority(route: Route, place: Place) -> None:
    priority = route.priority
    if priority.source is not None:
        _check_asked_in(route, priority.source, place / "from")
    if priority.most_urgent is None:
        return
    there = place / "most_urgent"
    if priority.source is None:
        fix = 'Write for example from = "header.Priority", or remove it.'
        raise there.refuse(priority.most_urgent, "given together with from", fix)
    if priority.most_urgent > priority.default:
        must = f"at most default, {priority.default}: a request that says nothing has that"
        raise there.refuse(priority.most_urgent, must, CHANGE_ONE)


def _check_bodies(route: Route, server: Server, place: Place) -> None:
    highest = server.limits.max_body
    if route.max_body is not None and route.max_body > highest:
        must = f"at most max_body of [server.limits], {size_text(highest)}"
        raise (place / "max_body").refuse(size_text(route.max_body), must, CHANGE_ONE)
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
        raise (place / "text").refuse(reply.text, "left out where there is json", REMOVE)
    body = "json" if reply.json is not None else "text"
    has_body = reply.json is not None or reply.text is not None
    if has_body and reply.status in _WITHOUT_BODY:
        must = f"left out: answers with status {reply.status} have no body"
        raise (place / body).refuse(shown(reply, body), must, REMOVE)
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


def _parameters_of(route: Route) -> str:
    known = ", ".join(f"{{{name}}}" for name in parameters(route.path))
    return f"The path has {known}." if known else f"The path {route.path} has no parameters."
