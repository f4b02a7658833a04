"""Plays a scenario as a driver: users or arrivals by the plan, code by ``scenario_users``.

Joins the two: who comes and goes when is the plan's, what they do is the scenario's.
"""

import time
from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from hedgerow.load.generator.carrier import Carrier
from hedgerow.load.generator.driver import Driver
from hedgerow.load.generator.exchange import UserExchanger
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.pacer import Pacer
from hedgerow.load.generator.recorder import Standing
from hedgerow.load.generator.scenario import ScenarioModule
from hedgerow.load.generator.scenario_calls import ScenarioCalls
from hedgerow.load.generator.scenario_users import ClosedUsers, OpenUsers
from hedgerow.load.generator.user import Due, UserContext
from hedgerow.load.generator.user_pacing import UserPacing, requests_of
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Closed, Open
from hedgerow.workload.template import Draw

#: An arrival that no user could play has asked for nothing in particular.
_ARRIVAL = "(arrival)"


class FieldJournal:
    """Notes what happened besides requests."""

    def __init__(self, field: Field) -> None:
        self._field = field

    def iteration(self, began_ns: int, ended_ns: int) -> None:
        """An iteration was gone through to its end."""
        if not self._field.is_warm_up(began_ns):  # nobody asks for those of the warm-up
            self._field.recorder.iteration(began_ns, ended_ns)

    def code_failed(self, label: str, began_ns: int, detail: str) -> None:
        """A function of the scenario raised."""
        carrier = Carrier(self._field, 0, label)
        carrier.began_ns = began_ns
        carrier.note(Outcome.EXCEPTION, detail)

    def arrival_given_up(self, due: Due, outcome: Outcome) -> None:
        """An arrival was played by nobody."""
        carrier = Carrier(self._field, 0, _ARRIVAL)
        carrier.began_ns, carrier.woke_ns = due
        carrier.note(outcome, "no user was free for it")

    def complain(self, text: str) -> None:
        """The run cannot go on, and why."""
        self._field.recorder.complaint = self._field.recorder.complaint or text


class Stage:
    """What both kinds of scenario driver set up: the code, the users' context, the counts."""

    def __init__(self, field: Field, module: ScenarioModule, draw: Draw, shared: Any) -> None:
        plan = field.plan
        self.in_flight = 0
        self._field = field
        keeps_cookies = not isinstance(plan.model, Closed) or plan.model.keeps_cookies
        self.context = UserContext(
            draw=draw,
            checks=field.checks,
            base_url=plan.base_url,
            timeout=plan.timeout,
            seed=plan.seed,
            shared=shared,
            keeps_cookies=keeps_cookies,
            keep_alive=plan.connecting.keep_alive,
        )
        self.calls = ScenarioCalls(module, self.context, FieldJournal(field))
        if not plan.warm_up:
            self.begin_counting()

    def exchanger(self, number: int) -> UserExchanger:
        """Make the exchanger of a user."""
        return UserExchanger(self._field, number, self._counted)

    def begin_counting(self) -> None:
        """From now on requests are taken from the plan's count, where it has one."""
        model, requests = self._field.plan.model, self._field.plan.requests
        if isinstance(model, Closed):
            self.context.left = requests_of(self._field, model)
        elif requests is not None:
            self.context.left = self._field.share.count(requests)

    def _counted(self, change: int) -> None:
        self.in_flight += change


class ScenarioClosedDriver(Driver):
    """Users who go round."""

    def __init__(self, field: Field, model: Closed, stage: Stage) -> None:
        self._field = field
        self._stage = stage
        self._users = ClosedUsers(
            self._stage.calls,
            self._stage.context,
            self._stage.exchanger,
            model=model,
            share=field.share,
        )
        self._pacing = UserPacing(field, model, self._users.arrive, self._users.leave)
        self._is_stopping = False

    @property
    @override
    def is_over(self) -> bool:
        if not self._is_stopping and not self._users.has_more(done=0):
            self.stop()  # nothing is left to do: those who think meanwhile may go
        return self._users.is_idle and (self._is_stopping or self._pacing.have_all_come)

    @override
    def start(self, began_ns: int) -> None:
        self._pacing.start(began_ns)

    @override
    def begin_measuring(self, now_ns: int) -> None:
        self._field.measure_from(now_ns)
        self._stage.begin_counting()

    @override
    def end(self) -> None:
        self.stop()

    @override
    def stop(self) -> None:
        self._is_stopping = True
        self._pacing.stop()
        self._users.stop()

    @override
    def cut_off(self) -> None:
        self._field.is_cut_off = True
        self.stop()
        self._users.cut_off()

    @override
    def sweep(self, now_ns: int) -> None:
        """Nothing to do: each request has a timer."""

    @override
    def standing(self) -> Standing:
        return Standing(users=self._users.at_work, in_flight=self._stage.in_flight)


class ScenarioOpenDriver(Driver):
    """Users who come when they are due."""

    def __init__(
        self,
        field: Field,
        model: Open,
        stage: Stage,
        arrivals: Iterator[tuple[int, float]],
    ) -> None:
        self._field = field
        self._stage = stage
        self._users = OpenUsers(
            self._stage.calls,
            self._stage.context,
            self._stage.exchanger,
            model=model,
            share=field.share,
        )
        self._arrivals = arrivals
        self._pacer: Pacer | None = None
        self._is_stopping = False

    @property
    @override
    def is_over(self) -> bool:
        is_sent = self._is_stopping or (self._pacer is not None and self._pacer.is_over)
        if is_sent and not self._is_stopping:
            self.stop()  # the plan is at its end: those who wait for more may go
        return is_sent and self._users.is_idle

    @override
    def start(self, began_ns: int) -> None:
        self._field.measure_from(began_ns + round(self._field.plan.warm_up * 1e9))
        due = ((number, began_ns + round(at * 1e9)) for number, at in self._arrivals)
        self._pacer = Pacer(self._field.loop, due, self._arrive)
        if not self._is_stopping:  # it was stopped before it began
            self._pacer.start()

    @override
    def begin_measuring(self, now_ns: int) -> None:
        self._stage.begin_counting()  # from when on it counts start() has said

    @override
    def end(self) -> None:
        """Nothing is to be done: nothing is due after it."""

    @override
    def stop(self) -> None:
        self._is_stopping = True
        if self._pacer is not None:  # what was due before is played
            for number, due_ns in self._pacer.drop_due():
                self._arrive(number, due_ns)
        self._users.stop()

    @override
    def cut_off(self) -> None:
        self._field.is_cut_off = True
        self.stop()
        self._users.cut_off()

    @override
    def sweep(self, now_ns: int) -> None:
        self._users.sweep(now_ns)

    @override
    def standing(self) -> Standing:
        return Standing(
            users=self._users.at_work,
            in_flight=self._stage.in_flight,
            backlog=self._users.backlog,
        )

    def _arrive(self, number: int, due_ns: int) -> None:
        self._users.arrive(Due(due_ns, time.perf_counter_ns()))
