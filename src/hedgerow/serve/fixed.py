"""Routes that answer by themselves and always in the same way: fixed responses, redirects.

Must not know settings files.  Budget of a request: 0 tasks, 0 timers, 1 write.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hedgerow.serve.durations import Durations
from hedgerow.serve.plan import HeadPlan
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.heads import RequestHead
from hedgerow.wire.request import Request


@dataclass(slots=True)
class FixedPlan(HeadPlan):
    """A whole answer, but for its date."""

    status: int
    fields: bytes  # whole lines
    body: bytes


@dataclass(slots=True)
class FixedRoute:
    """One ``[[route]]`` with ``respond``."""

    name: str
    reply: ReplyTemplate
    surroundings: Surroundings
    durations: Durations | None = None

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> FixedPlan:
        """Return the answer, whatever is asked for."""
        return FixedPlan(self, self.reply.status, self.reply.fields, self.reply.render(None))

    def carry_out(self, plan: FixedPlan, request: Request) -> None:
        """Answer one request."""
        _answer(plan, request, self.surroundings, self.durations)


@dataclass(slots=True)
class RedirectRoute:
    """One ``[[route]]`` with ``redirect``."""

    name: str
    to: str  # a URL or a path with {names} in it
    status: int
    surroundings: Surroundings
    keeps_query: bool = True
    strips: int = 0  # length of the path where it is a prefix: {rest} is what follows
    durations: Durations | None = None

    def plan(
        self, head: RequestHead, parameters: Mapping[str, str], path: bytes, query: bytes
    ) -> FixedPlan:
        """Work out where to; values of the request go in as they stand, escapes included."""
        text = path.decode("latin-1")
        values = {
            **parameters,
            "path": text,
            "rest": text[self.strips :],
            "host": head.host.decode("latin-1"),
        }
        location = self.to.format_map(values).encode("latin-1")
        if self.to.startswith("/"):
            location = b"/" + location.lstrip(b"/")  # //other.example would lead elsewhere
        if query and self.keeps_query:
            location += (b"&" if b"?" in location else b"?") + query
        return FixedPlan(self, self.status, b"Location: %b\r\n" % location, b"")

    def carry_out(self, plan: FixedPlan, request: Request) -> None:
        """Answer one request."""
        _answer(plan, request, self.surroundings, self.durations)


def _answer(
    plan: FixedPlan, request: Request, surroundings: Surroundings, durations: Durations | None
) -> None:
    request.respond(plan.status, plan.fields + surroundings.engine.date_line, plan.body)
    if surroundings.answered is not None:
        surroundings.answered(request, 0.0, durations)
