"""A request from its head until its race begins.

Collects the body as far as it is needed, works out the deadline, asks for a place at the
door and waits for it; then ``_race`` is called, once, or the request is turned away.  The
lower half of :class:`~hedgerow.serve.proxy.ProxiedRequest`, a base class and not a part,
because each request would pay for it.  Must not know attempts.
"""

import math
import time

from hedgerow.policy import Exchange
from hedgerow.policy.refusals import ENTER, WAIT, Entry
from hedgerow.serve.plan import Plan
from hedgerow.serve.refusing import refuse
from hedgerow.serve.surroundings import Surroundings
from hedgerow.serve.upload import Upload
from hedgerow.wire.body import BY_LENGTH, NO_BODY
from hedgerow.wire.request import Request


class Arrival:
    """One client's request that has not been sent anywhere yet; the sink of its body."""

    __slots__ = (
        "_deadline_at",
        "_door",
        "_head_lines",
        "_plan",
        "_seconds",
        "_surroundings",
        "_upload",
        "arrived_at",
        "exchange",
        "request",
        "started_at",
        "terms",
    )

    def __init__(
        self,
        plan: Plan,
        surroundings: Surroundings,
        request: Request,
        head_lines: bytes,
        seconds: float,
    ) -> None:
        """Prepare a request whose head for the upstream begins with ``head_lines``.

        ``seconds`` is what it may take; where the deadline covers the head only, they count
        from the end of the request, because its upload is the client's own time.
        """
        self._plan = plan
        self.terms = terms = plan.terms
        self._surroundings = surroundings
        self._head_lines = head_lines
        self._seconds = seconds
        self._door = terms.door
        self._deadline_at = 0.0  # 0: it has not asked for a place yet
        self._upload: Upload | None = None
        self.request = request
        self.exchange: Exchange | None = None
        self.started_at = now = time.monotonic()
        self.arrived_at = surroundings.engine.arrival(now, request)

    def start(self) -> None:
        """Begin: at once without a body, else when it is whole or too long to be kept."""
        head = self.request.head
        if head.framing is NO_BODY:
            self._enter(self.started_at)
            return
        self._upload = Upload(self.request)
        if head.framing is BY_LENGTH and head.content_length > self.terms.max_replay:
            self._enter(self.started_at)
            if self.exchange is None:
                return  # it waits, or was turned away: an upload could be for nothing
        self.request.accept_body()

    # --- called by the client's connection ---

    def body_received(self, data: bytes, *, ended: bool) -> None:
        upload = self._upload
        if upload is None:
            return
        upload.add(data, ended=ended)
        if upload.size > self.terms.max_body:
            self._refuse_body()
        elif self.exchange is not None:
            if ended:
                self._upload_ended()
        elif not self._deadline_at and (ended or upload.size > self.terms.max_replay):
            self._enter(time.monotonic())

    def client_left(self) -> None:
        now = time.monotonic()
        if self._door is not None:
            self._door.visitor_left(now, self)
        self._finish(now)

    # --- called by the door ---

    def admitted(self, now: float) -> None:
        self._race(now)
        self.request.accept_body()  # of a client that waits to be asked for it, and was not yet

    def turned_away(self, now: float, entry: Entry) -> None:
        date_line = self._surroundings.engine.date_line
        refuse(self.request, entry, date_line, self.terms.replies)
        self._finish(now)

    # --- what the race adds ---

    def _race(self, now: float) -> None:
        """Send it: a place is taken, and the deadline is worked out."""
        raise NotImplementedError

    def _upload_ended(self) -> None:
        """A body that is streamed has come to its end while the race is on."""
        raise NotImplementedError

    def _finish(self, now: float) -> None:
        """It is over, whatever came of it."""
        raise NotImplementedError

    # --- its own steps ---

    def _enter(self, now: float) -> None:
        """Ask for a place, where they are limited; its time runs while it waits for one."""
        since = self.arrived_at
        if self.terms.policy.deadline.covers == "head":
            since = now if self._upload is None or self._upload.ended else math.inf
        self._deadline_at = deadline_at = since + self._seconds
        door = self._door
        if door is None or door.admission.enters(now, deadline_at):
            self._race(now)
            return
        entry = door.enter(now, self, deadline_at, self._plan.priority)
        if entry is ENTER:
            self._race(now)
        elif entry is not WAIT:
            self.turned_away(now, entry)
        elif not self._is_whole():
            self.request.pause_body()

    def _is_whole(self) -> bool:
        return self._upload is None or self._upload.ended

    def _refuse_body(self) -> None:
        """Treat one whose length was not told in advance like a client that left."""
        detail = f"the body is longer than {self.terms.max_body} bytes"
        self.request.problem(413, detail, fields=self._surroundings.engine.date_line)
        self.request.abort()  # where an answer has begun already, and only there
        self.client_left()
