"""Saying no: what a client is told whom ``policy.refusals`` turns away.

(A client that asks too often is told by its route: no reply of the route's may hide that.)

Words and no decisions.  Nothing is built for a refusal: the problem's body and its fields
are kept by ``wire.problem``, and so many there are (a few reasons, a minute of seconds).
It costs 2 us and one write.
"""

from collections.abc import Mapping
from typing import Final

from hedgerow.policy import Situation
from hedgerow.policy.refusals import Entry, Reason
from hedgerow.serve.replies import ReplyTemplate
from hedgerow.wire.request import Request

#: What the client can do about it is in the status and Retry-After; this is for whoever reads.
_DETAILS: Final[Mapping[Reason, str]] = {
    Reason.EXPIRED: "too little time was left to send it on",
    Reason.QUEUE_FULL: "too many requests wait already",
    Reason.QUEUE_STANDS: "requests come faster than the upstream answers them",
    Reason.HOPELESS: "too many requests are ahead for this one to be answered in time",
    Reason.THROTTLED: "the upstream fails most of what it is sent",
    Reason.PROCESS_OVERLOADED: "the gateway is overloaded",
    Reason.EVICTED: "a more urgent request took this one's place",
    Reason.TOO_LATE: "no place was free in time",
    Reason.WAITED_TOO_LONG: "no place was free in time",
}
_SITUATIONS: Final = {Reason.EXPIRED: Situation.EXPIRED}


def refuse(
    request: Request, entry: Entry, date_line: bytes, replies: Mapping[Situation, ReplyTemplate]
) -> None:
    """Answer with the route's own reply if it has one for this, else with a problem."""
    reason, seconds = entry.reason, entry.retry_after
    assert reason is not None  # it is a refusal
    template = replies.get(_SITUATIONS.get(reason, Situation.UNAVAILABLE))
    if template is None:
        request.problem(entry.status, _DETAILS[reason], seconds or None, date_line)
        return
    fields = template.fields + date_line
    if seconds and b"\nretry-after:" not in b"\n" + fields.lower():
        fields += b"Retry-After: %d\r\n" % seconds
    request.respond(template.status, fields, template.render(None))
