"""A crew whose actions are carried out by nobody: what it wants, and what is told to it."""

from collections.abc import Sequence
from typing import TypeVar

from hedgerow.serve.workers.actions import Action, Drain, Exit, Kill, Start, Steer, Tell
from hedgerow.serve.workers.crew import Crew, CrewRule
from hedgerow.serve.workers.slot import Ending

A = TypeVar("A", bound=Action)

RULE = CrewRule(drain_timeout=10.0, stuck_after=30.0)
CRASHED = Ending(None, 9)
FINE = Ending(0)
COULD_NOT = Ending(1)


class Yard:
    """A crew at a moment; pids are 101, 102 and so on, in the order of the starts."""

    def __init__(self, rule: CrewRule = RULE) -> None:
        self.crew = Crew(rule)
        self.now = 1000.0
        self.said: list[Action] = []
        self.pids: list[int] = []  # of all that were started
        self.beats: dict[int, float] = {}

    def does(self, actions: Sequence[Action]) -> list[Action]:
        """Carry out what can be: starts get pids."""
        self.said += actions
        for action in actions:
            if isinstance(action, Start):
                pid = 101 + len(self.pids)
                self.pids.append(pid)
                self.crew.started(self.now, action.slot, action.generation, pid)
        return list(actions)

    def begins(self, count: int) -> "Yard":
        """All of the first generation come up."""
        self.does(self.crew.begin(self.now, count))
        self.all_come_up()
        return self

    def all_come_up(self) -> None:
        while waiting := [w.pid for w in self.crew.workers.values() if not w.is_ready]:
            for pid in waiting:
                if self.crew.workers[pid].is_draining:
                    return
                self.ready(pid)

    def ready(self, pid: int) -> list[Action]:
        return self.does(self.crew.ready(self.now, pid))

    def ends(self, pid: int, how: Ending = CRASHED) -> list[Action]:
        return self.does(self.crew.ended(self.now, pid, how))

    def reloads(self, generation: int, count: int) -> list[Action]:
        return self.does(self.crew.reload(self.now, generation, count, RULE))

    def resizes(self, count: int) -> list[Action]:
        return self.does(self.crew.resize(self.now, count, "a test"))

    def passes(self, seconds: float, *, silent: Sequence[int] = ()) -> list[Action]:
        """Time passes in steps of half a second; all but the silent ones give signs of life."""
        done: list[Action] = []
        for _ in range(round(seconds / 0.5)):
            self.now += 0.5
            for pid in self.crew.workers:
                if pid not in silent:
                    self.beats[pid] = self.now
            done += self.does(self.crew.tick(self.now, self.beats))
        return done

    @property
    def serving(self) -> list[tuple[int, int]]:
        """Slot and generation of those that accept clients."""
        return sorted((w.slot, w.generation) for w in self.crew.serving)

    def pid_at(self, slot: int) -> int:
        """The newest in a slot."""
        pid = self.crew.slots[slot].current
        assert pid is not None
        return pid


def of(kind: type[A], actions: Sequence[Action]) -> list[A]:
    """Those of one kind."""
    return [action for action in actions if isinstance(action, kind)]


def starts(actions: Sequence[Action]) -> list[tuple[int, int]]:
    return [(one.slot, one.generation) for one in of(Start, actions)]


def drained(actions: Sequence[Action]) -> list[int]:
    return [one.pid for one in of(Drain, actions)]


def killed(actions: Sequence[Action]) -> list[int]:
    return [one.pid for one in of(Kill, actions)]


def steered(actions: Sequence[Action]) -> list[tuple[int, ...]]:
    return [one.slots for one in of(Steer, actions)]


def texts(actions: Sequence[Action]) -> str:
    return "\n".join(one.text for one in of(Tell, actions))


def exits(actions: Sequence[Action]) -> list[int]:
    return [one.code for one in of(Exit, actions)]
