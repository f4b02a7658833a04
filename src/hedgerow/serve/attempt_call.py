"""One attempt on its connection, and what is kept of its answer.

The link between ``wire`` (which calls it) and the race that it is part of: events go
there, and pieces of an answer that may not be forwarded yet stay here.  Decides nothing.
"""

from typing import Protocol

from typing_extensions import override

from hedgerow.errors import Failure
from hedgerow.policy import Attempt
from hedgerow.wire.call import Call
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.request import Request


class Race(Protocol):
    """What an attempt reports to."""

    request: Request

    def attempt_sent(self, call: "AttemptCall") -> None:
        """The head is out and the body may follow."""

    def attempt_informed(self, call: "AttemptCall", head: ResponseHead) -> None:
        """An interim answer came."""

    def answer_began(
        self, call: "AttemptCall", head: ResponseHead, data: bytes, ended: bool
    ) -> None:
        """The answer's head came, and the first of its body."""

    def answer_continued(self, call: "AttemptCall", data: bytes, ended: bool) -> None:
        """More of its body came."""

    def attempt_failed(self, call: "AttemptCall", failure: Failure) -> None:
        """No whole answer will come."""


class AttemptCall(Call):
    """One attempt on its connection, and what is kept of its answer until it may be sent on."""

    kept_head: ResponseHead | None = None
    kept_ended = False
    kept_size = 0
    _kept: tuple[bytes, ...] | list[bytes] = ()  # a list once there is something to keep
    json: object = None
    is_json = False  # its body was JSON, whatever the value
    is_full = False  # the upstream reads slower than we send

    def __init__(self, race: Race, attempt: Attempt, head: bytes) -> None:
        self.head = head
        self.attempt = attempt
        self._race = race

    def keep(self, data: bytes, *, ended: bool) -> None:
        """Keep a piece of the answer's body."""
        if data:
            if isinstance(self._kept, tuple):
                self._kept = []
            self._kept.append(data)
            self.kept_size += len(data)
        self.kept_ended = ended

    def take_kept(self) -> bytes:
        """Return what was kept, and keep it no longer."""
        kept, self._kept = b"".join(self._kept), ()
        return kept

    @property
    def kept_body(self) -> bytes:
        return b"".join(self._kept)

    @property
    def has_no_body(self) -> bool:
        """True where an answer stands for one with a body, but brings none: HEAD and 304."""
        return self.to_head or self.attempt.status == 304

    # --- called by wire ---

    @override
    def sent(self) -> None:
        if self.has_more:
            self._race.attempt_sent(self)

    @override
    def informed(self, head: ResponseHead) -> None:
        self._race.attempt_informed(self, head)

    @override
    def answer_began(self, head: ResponseHead, data: bytes, *, ended: bool) -> None:
        self._race.answer_began(self, head, data, ended)

    @override
    def body_received(self, data: bytes, *, ended: bool) -> None:
        self._race.answer_continued(self, data, ended)

    @override
    def failed(self, failure: Failure, detail: str) -> None:
        self.attempt.detail = detail
        self._race.attempt_failed(self, failure)

    @override
    def writing_paused(self) -> None:
        self.is_full = True
        self._race.request.pause_body()

    @override
    def writing_resumed(self) -> None:
        self.is_full = False
        self._race.request.resume_body()
