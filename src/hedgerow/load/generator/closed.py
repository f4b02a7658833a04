"""The closed model: users who wait for their answer before they ask again.

A user has a connection and goes round: begin an iteration, connect where there is no
connection, send, wait, think.  Must not know how requests are made up or results counted.

Where nothing comes between an answer and the next request (no think time, no end of
iterations), the next one goes out from within the event that brought the answer.

Budget of such a round: 0 tasks, 0 timers, 1 write, 1 number kept.
"""

import asyncio
import random
import time
from typing import Final

from typing_extensions import override

from hedgerow.load.generator.carrier import OUTCOME_OF, Carrier, Timeouts
from hedgerow.load.generator.cookies import CookieJar
from hedgerow.load.generator.driver import Driver
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.recorder import HeadTally, Standing
from hedgerow.load.generator.request_maker import RequestMaker
from hedgerow.load.generator.user_pacing import UserPacing, requests_of
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Closed
from hedgerow.wire.heads import ResponseHead
from hedgerow.wire.lean import Broken, LeanConnection

#: After a connection could not be made its user waits, instead of asking as fast as it can.
_PAUSE_AFTER_CONNECT: Final = 0.01
_ENDLESS: Final = 1 << 62


class ClosedDriver(Driver):
    """Plays a plan of users, all of whom send the same request."""

    def __init__(self, field: Field, model: Closed, label: str, maker: RequestMaker) -> None:
        self.field = field
        self.model = model
        self.label = label
        self.maker = maker
        self.left = _ENDLESS  # requests that may still begin
        self.in_flight = 0
        self.active = 0
        self.is_stopping = False
        self._timeouts = Timeouts(field.timeout_ns)
        self._randomness = random.Random(f"{field.plan.seed}/think/{field.share.index}")
        self._pacing = UserPacing(
            field,
            model,
            lambda number: self._users[number].arrive(),
            lambda number: self._users[number].leave(),
        )
        self._users = {number: ClosedUser(self, number) for number in self._pacing.numbers}
        if not field.plan.warm_up:
            self.left = self._count()

    @property
    @override
    def is_over(self) -> bool:
        have_left = self._pacing.have_all_come and self.active == 0
        # Whoever thinks when nothing is left to send has nothing to think about.
        may_begin = self.left > 0 and not self.is_stopping and not have_left
        return self.in_flight == 0 and not may_begin

    @override
    def start(self, began_ns: int) -> None:
        self._pacing.start(began_ns)

    @override
    def begin_measuring(self, now_ns: int) -> None:
        self.field.measure_from(now_ns)
        self.left = self._count()
        for user in self._users.values():
            user.is_plain = False  # it began in the warm-up, which is to be told

    @override
    def end(self) -> None:
        self.stop()

    @override
    def stop(self) -> None:
        self.is_stopping = True
        self.left = 0
        self._pacing.stop()
        for user in self._users.values():
            user.leave()

    @override
    def cut_off(self) -> None:
        self.stop()
        for user in self._users.values():
            user.cut_off()

    @override
    def sweep(self, now_ns: int) -> None:
        for user in self._timeouts.overdue(self._users.values(), now_ns):
            user.timed_out()

    @override
    def standing(self) -> Standing:
        return Standing(users=self.active, in_flight=self.in_flight)

    def think_time(self) -> float:
        """Draw how long a user waits now, in seconds."""
        wait = self.model.think_time
        return self._randomness.uniform(wait.low, wait.high) if wait.high else 0.0

    def _count(self) -> int:
        requests = requests_of(self.field, self.model)
        return _ENDLESS if requests is None else requests


class ClosedUser(Carrier):
    """One user."""

    __slots__ = ("_cookies", "_done", "_driver", "_hangs_up", "_is_active", "_is_waiting",
                 "_pause", "_request", "_times")  # fmt: skip

    def __init__(self, driver: ClosedDriver, number: int) -> None:
        super().__init__(driver.field, number, driver.label)
        model, maker = driver.model, driver.maker
        self._driver = driver
        self._times = driver.field.recorder.plain
        self._cookies = CookieJar() if model.keeps_cookies else None
        self._done = 0  # iterations
        self._hangs_up = (  # after each request, also where the server would go on
            model.new_user_each_iteration or not driver.field.plan.connecting.keep_alive
        )
        self._is_active = False
        self._is_waiting = False  # a request has begun and not ended
        self._pause: asyncio.TimerHandle | None = None
        runs_free = (
            model.iterations is None
            and not model.think_time.high
            and not model.new_user_each_iteration
        )
        #: What follows an answer at once; None where something comes between.
        self._request = maker.constant if runs_free else None

    # --- told by the driver ---

    def arrive(self) -> None:
        """Begin to ask."""
        if not self._is_active:
            self._is_active = True
            self._driver.active += 1
            if not self._is_waiting:
                self._begin()

    def leave(self) -> None:
        """Ask no more; what is under way is still waited for."""
        if self._is_active:
            self._is_active = False
            self._driver.active -= 1
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if not self._is_waiting:
            self._hang_up()

    def cut_off(self) -> None:
        """Wait no more."""
        if self._is_waiting:
            self._fail(Outcome.UNFINISHED, "the run was over first")

    def timed_out(self) -> None:
        """The answer did not come in time."""
        self._fail(Outcome.TIMEOUT, f"no whole answer within {self._field.plan.timeout:g}s")

    # --- told by the connection, in this order ---

    def opened(self, connection: LeanConnection) -> None:
        """Send what the connection was made for."""
        if connection is self.connection and self._is_waiting:
            self._connected()
            self._send(connection, time.perf_counter_ns())
        else:
            connection.close()

    def not_opened(self, connection: LeanConnection, outcome: Outcome, detail: str) -> None:
        """There is no connection, and so no answer."""
        if connection is self.connection and self._is_waiting:
            self._fail(outcome, detail, pause=_PAUSE_AFTER_CONNECT)

    def answered_at_once(self, connection: LeanConnection, head: ResponseHead) -> None:
        """The common case: keep a number, send the next request."""
        now = time.perf_counter_ns()
        tally = head.plan
        if not (self.is_plain and isinstance(tally, HeadTally)):
            self.answered(connection, head)
            return
        tally.count += 1
        self._times.append(now - connection.sent_ns)
        driver = self._driver
        if self._request is not None and driver.left > 0 and self._is_active:
            driver.left -= 1
            self.began_ns = now
            connection.send(self._request, now)
        else:
            self._field.recorder.plain_ended(now, self.size_out - tally.size_out)
            self._ended()

    def answered(self, connection: LeanConnection, head: ResponseHead) -> None:
        """A whole answer came: in pieces, on a new connection, or with a head that is new."""
        field, size = self._field, connection.bytes_in
        outcome, detail = field.judge(connection, head)
        size_out = self.size_out
        self.note(outcome, detail, status=head.status)
        sets_cookies = self._cookies is not None and self._receive_cookies(self._cookies, head)
        if field.may_be_plain and outcome is Outcome.OK and not sets_cookies:
            field.recorder.remember(head, size, size_out)
        self._ended()

    def broken(self, connection: LeanConnection, how: Broken, detail: str) -> None:
        """There will be no answer."""
        self._fail(OUTCOME_OF[how], detail)

    def lost(self, connection: LeanConnection) -> None:
        """An idle connection was closed: the next request makes a new one."""
        if connection is self.connection and not self._is_waiting:
            self.connection = None

    # --- one round ---

    def _begin(self) -> None:
        self._pause = None
        driver = self._driver
        iterations = driver.model.iterations
        if driver.left <= 0 or (iterations is not None and self._done >= iterations):
            self.leave()
            return
        driver.left -= 1
        driver.in_flight += 1
        self._is_waiting = True
        self.size_out = 0  # nothing was sent yet, should there be no connection
        self.began_ns = time.perf_counter_ns()
        connection = self.connection
        if connection is not None and connection.is_usable:
            self._send(connection, self.began_ns)
        else:
            self.connection = self._field.connection(self)
            self._field.dialler.dial(driver.maker.endpoint, self.connection, self)

    def _send(self, connection: LeanConnection, now_ns: int) -> None:
        maker, cookies = self._driver.maker, self._cookies
        header = b""
        if cookies is not None:
            header = cookies.header(maker.endpoint, maker.path, _date())
        data = maker.make(header)
        self.size_out = len(data)
        connection.to_head = maker.is_head
        # With a connection of its own or a cookie there is more to tell than its time, and
        # the next request is not the same bytes.
        self.is_plain = self._field.may_be_plain and self._connect_ns < 0 and not header
        connection.send(data, now_ns)

    def _receive_cookies(self, cookies: CookieJar, head: ResponseHead) -> bool:
        found = [value for name, value in head.fields if name.lower() == b"set-cookie"]
        if found:
            maker = self._driver.maker
            cookies.receive(found, maker.endpoint, maker.path, _date())
        return bool(found)

    def _fail(self, outcome: Outcome, detail: str, *, pause: float = 0.0) -> None:
        connection = self.connection
        self.note(outcome, detail)
        self.connection = None
        if connection is not None and connection.is_usable:
            connection.reset()
        self._ended(pause)

    def _ended(self, pause: float = 0.0) -> None:
        driver = self._driver
        self._is_waiting = False
        driver.in_flight -= 1
        self._done += 1
        if self._hangs_up:
            self._hang_up()
        if driver.model.new_user_each_iteration and self._cookies is not None:
            self._cookies = CookieJar()
        pause += driver.think_time()
        if not self._is_active:
            self._hang_up()
        elif pause:
            self._pause = self._field.loop.call_later(pause, self._begin)
        elif self.connection is None:
            # Not from within: whoever fails at once would never let the loop breathe.
            self._pause = self._field.loop.call_later(0, self._begin)
        else:
            self._begin()

    def _hang_up(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None and connection.is_usable:
            connection.close()


def _date() -> float:
    """Return now, in seconds since 1970: cookies expire at a date."""
    return time.time()  # noqa: TID251  # a date is what is wanted
