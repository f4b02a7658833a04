"""One request at a misbehaving server, from its arrival to whatever is done to it.

The shell that carries a :class:`Fate` out: waits for a worker, works, then answers,
breaks or hangs.  What happens was decided in faults; how bytes are framed is wire's.
"""

import math
from collections.abc import Callable

import msgspec

from hedgerow.faults import Fate, MishapKind
from hedgerow.wire.engine import Engine
from hedgerow.wire.request import Request
from hedgerow.wire.timers import Timer

_JSON = b"Content-Type: application/json\r\n"
_TEXT = b"Content-Type: text/plain\r\n"


class Visit:
    """A request, the fate that was drawn for it, and its place on the station."""

    def __init__(
        self, engine: Engine, request: Request, fate: Fate, over: Callable[["Visit"], None]
    ) -> None:
        """``over`` is called once, when nothing is left to do for this request."""
        self.fate = fate
        self.client_is_gone = False
        self.on_client_left: Callable[[Visit], None] = over
        self._engine = engine
        self._request = request
        self._over = over
        self._bucket: set[Timer] | None = None
        self._next: Callable[[float], None] = self._act
        self._rest = b""  # of a body that drips
        self._pause = 0.0
        request.sink = self

    @property
    def hangs(self) -> bool:
        """True when there never is an answer."""
        mishap = self.fate.mishap
        return mishap is not None and mishap.kind is MishapKind.HANG

    def begin(self, now: float) -> None:
        """Work on it from now on: the drawn latency begins."""
        if not self.hangs:
            self._wait(now, self.fate.latency, self._act)

    def stop(self) -> None:
        """Work on it no longer."""
        if self._bucket is not None:
            self._bucket.discard(self)
            self._bucket = None

    # --- called by the connection ---

    def body_received(self, data: bytes, *, ended: bool) -> None:
        """Request bodies are read and forgotten."""

    def client_left(self) -> None:
        self.client_is_gone = True
        self.on_client_left(self)

    def writing_paused(self) -> None:
        """Answers are small."""

    def writing_resumed(self) -> None:
        """Answers are small."""

    # --- called by the wheel ---

    def timer_fired(self, now: float) -> None:
        self._bucket = None
        self._next(now)

    # --- acting ---

    def _wait(self, now: float, seconds: float, then: Callable[[float], None]) -> None:
        self._next = then
        self._bucket = self._engine.wheel.arm(now, now + seconds, self)

    def _act(self, now: float) -> None:
        """The latency is over: answer, or do what goes wrong instead."""
        request, mishap = self._request, self.fate.mishap
        body = msgspec.json.encode({"time": math.floor(self.fate.latency * 1000)})
        fields = _JSON + self._engine.date_line
        kind = mishap.kind if mishap is not None else None
        if mishap is None:
            request.respond(200, fields, body)
        elif kind is MishapKind.STATUS:
            request.problem(mishap.status, "drawn by lot", mishap.retry_after)
        elif kind is MishapKind.WRONG_TYPE:
            request.respond(200, _TEXT + self._engine.date_line, b"not what you asked for\n")
        elif kind is MishapKind.BAD_JSON:
            request.respond(200, fields, b'{"time": ')
        elif kind is MishapKind.RESET:
            request.abort()
        else:
            self._act_in_body(now, fields, body)
            return
        self._over(self)

    def _act_in_body(self, now: float, fields: bytes, body: bytes) -> None:
        """What goes wrong after a good head: half the body, then nothing like the rest."""
        mishap = self.fate.mishap
        half = len(body) // 2
        if mishap is not None and mishap.kind is MishapKind.DRIP:
            self._request.begin(200, fields, len(body), ended=False)
            self._rest = body
            self._pause = mishap.over / len(body)
            self._wait(now, self._pause, self._drip)
            return
        self._request.begin(200, fields, len(body), body[:half], ended=False)
        truncates = mishap is not None and mishap.kind is MishapKind.TRUNCATE
        # A reset right behind the bytes would overtake them at the other end.
        self._wait(now, 0.02, self._cut_off if truncates else self._reset)

    def _drip(self, now: float) -> None:
        byte, self._rest = self._rest[:1], self._rest[1:]
        self._request.write(byte, ended=not self._rest)
        if self._rest:
            self._wait(now, self._pause, self._drip)
        else:
            self._over(self)

    def _cut_off(self, now: float) -> None:
        self._request.cut_off()
        self._over(self)

    def _reset(self, now: float) -> None:
        self._request.abort()
        self._over(self)
