"""A URL whose redirects are followed, played as a scenario of one request.

Where an answer decides on the next request, a plan's prepared bytes do not suffice; users of
scenarios can do it already.  Each hop is a request of its own in the counts.  Must not know
who plays it.

A hop is counted under its own method and path, so that the redirect and what it leads to can
be told apart; where the path varies, under the plan's label, which does not.
"""

import re
from collections.abc import Sequence
from typing import Final

from hedgerow.load.generator.cookies import CookieJar
from hedgerow.load.generator.request_maker import escaped, read_url, visible
from hedgerow.load.generator.scenario import ScenarioModule
from hedgerow.load.generator.user import User
from hedgerow.load.plan import RequestPlan
from hedgerow.load.scenario import RequestOptions, Task
from hedgerow.workload.template import Draw, Template

#: Where scheme, user and host end.
_ORIGIN: Final = re.compile(r"(?<=[^:/])(?=[/?#])")


def following(request: RequestPlan, draw: Draw, *, are_strangers: bool) -> ScenarioModule:
    """Return what each user does; ``are_strangers``: nobody brings cookies of an earlier one."""
    parse = Template.parse if request.is_template else _literal
    target = read_url(request.url).target
    origin = _ORIGIN.split(request.url.strip(), maxsplit=1)[0]
    path = parse(target, escape=escaped)
    body = parse(request.body)
    fields = [
        (name, parse(value, escape=visible)) for name, value in _joined(request.fields).items()
    ]
    is_steady = parse(target.partition("?")[0]).constant is not None

    async def run(user: User) -> None:
        draw.advance()
        if are_strangers:
            user.cookies = CookieJar()
        options = RequestOptions(
            headers={name: value.fill(draw).decode() for name, value in fields},
            data=body.fill(draw),
            follow=request.follow,
            label=None if is_steady else request.label,
        )
        await user.request(request.method, origin + path.fill(draw).decode(), **options)

    return ScenarioModule(name=request.url, tasks=(Task(run, 1, request.label),))


def _literal(text: str | bytes, *, escape: object = None) -> Template:
    """Make a template in which braces stand for themselves; the request escapes what it must."""
    return Template.literal(text.encode() if isinstance(text, str) else text)


def _joined(fields: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Join fields of one name (RFC 9110 section 5.2; RFC 6265 section 5.4 for cookies)."""
    joined: dict[str, str] = {}
    for name, value in fields:
        joint = "; " if name.lower() == "cookie" else ", "
        joined[name] = f"{joined[name]}{joint}{value}" if name in joined else value
    return joined
