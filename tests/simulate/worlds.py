"""Rooms for the simulator's tests: upstreams that follow a script, and short runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from hedgerow.policy import Attempt, Policy, Step
from hedgerow.simulate import Figures, Run, figures_of, read_simulation
from hedgerow.simulate.agenda import Agenda
from hedgerow.simulate.flight import Flight, Work
from hedgerow.simulate.gateway import Gateway
from tests.fakes.case_studies import Upstream
from tests.fakes.policy import START


def figures(*, seed: int = 1, repeat: int = 1, **description: Any) -> Figures:
    """Play a description to its end."""
    runs = [Run(read_simulation(description), seed=seed + number) for number in range(repeat)]
    for run in runs:
        while run.advance():
            pass
    return figures_of(runs)


def differences(estimates: Mapping[str, tuple[float, float, float]]) -> dict[str, float]:
    """How many standard errors each (value, expected, error) is off."""
    return {name: (value - due) / error for name, (value, due, error) in estimates.items()}


class ScriptedUpstream:
    """Treats attempt 1, 2, ... as told."""

    def __init__(self, agenda: Agenda, script: Sequence[Upstream]) -> None:
        self.agenda = agenda
        self.script = script
        self.sent: list[tuple[float, int]] = []
        self.cancelled: list[tuple[float, int]] = []
        self.gateway: Gateway | None = None

    def send(self, now: float, work: Work) -> None:
        number = work.attempt.number
        self.sent.append((since_start(now), number))
        upstream = self.script[number - 1]
        self.agenda.at(now + upstream.latency, self._head, (work, upstream.status))
        self.agenda.at(now + upstream.latency + upstream.body_time, self._body, work)

    def cancel(self, now: float, work: Work) -> None:
        self.cancelled.append((since_start(now), work.attempt.number))

    def _head(self, now: float, what: tuple[Work, int]) -> None:
        assert self.gateway is not None
        self.gateway.head_arrived(now, *what)

    def _body(self, now: float, work: Work) -> None:
        assert self.gateway is not None
        self.gateway.body_ended(now, work)


class WaitingClient:
    """Notes when its requests end."""

    def __init__(self) -> None:
        self.ended: list[float] = []
        self.refused: list[float] = []

    def request_ended(self, now: float, flight: Flight) -> None:
        self.ended.append(since_start(now))

    def request_refused(self, now: float, flight: Flight) -> None:
        self.refused.append(since_start(now))


class RecordingGateway(Gateway):
    """Writes down every step but WAIT."""

    __slots__ = ("steps",)

    def __init__(self, policy: Policy, agenda: Agenda, upstream: ScriptedUpstream) -> None:
        super().__init__(policy, agenda, upstream=upstream, clients=WaitingClient())
        upstream.gateway = self
        self.steps: list[tuple[float, Step]] = []

    @override
    def _carry_out(self, now: float, flight: Flight, step: Step) -> None:
        if step is not Step.WAIT:
            self.steps.append((since_start(now), step))
        super()._carry_out(now, flight, step)


class Shell:
    """One request through the simulator's shell, to its end."""

    def __init__(
        self, policy: Policy, script: Sequence[Upstream], *, leaves_at: float | None = None
    ) -> None:
        agenda = Agenda()
        self.upstream = ScriptedUpstream(agenda, script)
        self.gateway = RecordingGateway(policy, agenda, self.upstream)
        self.flight: Flight | None = None
        agenda.at(START, self._arrive, None)
        if leaves_at is not None:
            agenda.at(START + leaves_at, self._leave, None)
        while agenda.advance(100) and agenda.now < START + 60:
            pass

    @property
    def winner(self) -> Attempt | None:
        assert self.flight is not None
        return self.flight.exchange.winner

    def _arrive(self, now: float, _: None) -> None:
        self.flight = self.gateway.request_arrived(now)

    def _leave(self, now: float, _: None) -> None:
        assert self.flight is not None
        self.gateway.client_left(now, self.flight)


def since_start(at: float) -> float:
    return round(at - START, 6)
