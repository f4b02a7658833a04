"""Who is started, replaced, drained and killed: events in, actions out.

Sans-IO: ``now`` is monotonic seconds, a worker is known by its pid, and nothing happens but
what the returned actions say, in their order.  Must not know processes, sockets or signals.

A *slot* is a place for a worker, and has listening sockets of its own (or shares one set).  A
*generation* is one reading of the settings.  The first worker of a generation is its *scout*:
only when it is ready are the others started, so settings that cannot work are told once and
change nothing.  A worker is drained when the one that replaces it is ready.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hedgerow.serve.workers.actions import (
    Abort,
    Action,
    AddSlot,
    CloseListeners,
    Drain,
    Exit,
    Kill,
    Reverted,
    Settled,
    Start,
    Steer,
    Tell,
)
from hedgerow.serve.workers.slot import Ending, Slot, Worker

#: So many start at the same time; more would only share the processors.
_AT_ONCE: Final = 4
#: So many scouts may die before nothing has ever served.
_HOPELESS: Final = 3
#: A worker keeps to the drain timeout by itself; one that does not is given this much more.
_MARGIN: Final = 2.0
#: From being asked where it is stuck to being killed.
_LAST_WORDS: Final = 1.0
#: Until it is tried again to start a process, where the system would not.
_NO_ROOM: Final = 1.0
#: A loop that has not turned for so long gets no new connections, where they can be steered.
_SILENT: Final = 1.0
#: Heartbeats are looked at twice a second; if that was not so, we were away, not they.
_AWAY: Final = 5.0


@dataclass(frozen=True, slots=True)
class CrewRule:
    """How patient a crew is; seconds."""

    drain_timeout: float = 10.0
    stuck_after: float = 30.0


class Crew:
    """All workers of a supervisor."""

    def __init__(self, rule: CrewRule) -> None:
        self.slots: list[Slot] = []
        self.workers: dict[int, Worker] = {}
        self.wanted = 0
        self.generation = 0  # the one that works
        self.is_stopping = False
        self.crashes = 0  # workers that ended and should not have
        self._rule = rule
        self._next: int | None = None  # the generation that is coming
        self._scouting = False  # nobody of the newest generation has been ready yet
        self._has_served = False
        self._steered: tuple[int, ...] = ()
        self._looked_at = -math.inf
        self._code = 0

    @property
    def is_changing(self) -> bool:
        """Whether a generation is coming, or a number of workers."""
        return self._next is not None

    @property
    def serving(self) -> list[Worker]:
        """Those that accept clients."""
        return [worker for worker in self.workers.values() if worker.serves]

    # --- events ---

    def begin(self, now: float, count: int) -> list[Action]:
        """Start the first generation."""
        self.wanted, self._next, self._scouting = count, 0, True
        actions: list[Action] = []
        self._grow(actions)
        return [*actions, *self._fill(now)]

    def started(self, now: float, slot: int, generation: int, pid: int) -> None:
        """A worker that was to be started has this pid."""
        self.workers[pid] = Worker(pid, slot, generation, now)
        self.slots[slot].current = pid

    def not_started(self, now: float, slot: int) -> None:
        """A worker that was to be started could not be: the system has no room for it now."""
        self.slots[slot].not_before = now + _NO_ROOM

    def ready(self, now: float, pid: int) -> list[Action]:
        """A worker accepts clients from now on."""
        worker = self.workers.get(pid)
        if worker is None or worker.is_ready or worker.is_draining:
            return []
        worker.is_ready = self._has_served = True
        worker.forgiven_until = now
        slot = self.slots[worker.slot]
        actions: list[Action] = [Tell(f"{worker.name} is ready")]
        if self._scouting and worker.generation == self._next:
            self._scouting = False
            self._replace_all(actions)
        if (old := self.workers.get(slot.old or 0)) is not None:
            actions += self._drain(now, old, "replaced", takes_queue=False)
        slot.old = None
        return [*actions, *self._settle(now), *self._fill(now)]

    def ended(self, now: float, pid: int, how: Ending) -> list[Action]:
        """A process is gone."""
        worker = self.workers.pop(pid, None)
        if worker is None:
            return []
        if self.is_stopping:
            return [] if self.workers else [Exit(self._code)]
        if worker.is_draining:
            return [Tell(f"{worker.name} has drained" if how.code == 0 else _why(worker, how))]
        self.crashes += 1
        slot = self.slots[worker.slot]
        if slot.old == pid:
            slot.old = None  # the one that replaces it is on its way
            return [Tell(_why(worker, how))]
        slot.current = None
        wait = slot.died(now, worker)
        told = Tell(f"{_why(worker, how)}: {_next_try(wait)}")
        if self._scouting and worker.generation == self._next:
            return self._scout_died(now, slot, worker, how, told)
        return [told, *self._steer(now, {}), *self._fill(now)]

    def resize(self, now: float, count: int, why: str) -> list[Action]:
        """There shall be so many workers from now on."""
        if self.is_stopping or count == self.wanted:
            return []
        plural = "" if count == 1 else "s"
        told = Tell(f"{count} worker{plural} instead of {self.wanted}: {why}")
        self.wanted = count
        if self.is_changing:
            return [told]  # when the new generation has come up
        actions: list[Action] = [told]
        self._grow(actions)
        return [*actions, *self._shrink(now), *self._fill(now)]

    def reload(self, now: float, generation: int, count: int, rule: CrewRule) -> list[Action]:
        """Replace everybody by workers with other settings; not while that goes on already."""
        self._rule = rule
        self.wanted, self._next, self._scouting = count, generation, True
        self._make_way(self.slots[0])
        self.slots[0].not_before = now
        self._steered = ()  # there may be new sockets
        return self._fill(now)

    def stop(self, now: float) -> list[Action]:
        """Let everybody finish."""
        if self.is_stopping:
            return []
        self.is_stopping = True
        actions: list[Action] = [CloseListeners()]
        for worker in self.workers.values():
            actions += self._drain(now, worker, "", takes_queue=True)
        return actions if self.workers else [Exit(self._code)]

    def stop_at_once(self, now: float) -> list[Action]:
        """Wait for nobody."""
        actions = self.stop(now)
        for worker in self.workers.values():
            worker.is_killed = True
            actions.append(Kill(worker.pid))
        return actions

    def tick(self, now: float, beats: Mapping[int, float]) -> list[Action]:
        """Look after everybody; ``beats`` are the last signs of life, by pid.  Twice a second."""
        was_away = now - self._looked_at > _AWAY
        self._looked_at = now
        actions: list[Action] = []
        for worker in self.workers.values():
            if was_away:  # this machine slept, or the terminal's Ctrl-Z stopped all of us
                worker.forgiven_until = now
            actions += self._look_after(now, worker, beats.get(worker.pid, 0.0))
        if not self.is_stopping:
            actions += [*self._steer(now, beats), *self._fill(now)]
        return actions

    def next_due(self) -> float:
        """When something is to be done that is no event."""
        empty = [slot.not_before for slot in self.slots if slot.current is None]
        return min(empty, default=math.inf)

    # --- filling places ---

    def _grow(self, actions: list[Action]) -> None:
        while len(self.slots) < self.wanted:
            actions.append(AddSlot(len(self.slots)))
            self.slots.append(Slot(len(self.slots)))
            self._steered = ()  # to be said again

    def _fill(self, now: float) -> list[Action]:
        """Start workers where there are none."""
        if self.is_stopping:
            return []
        starting = sum(not w.is_ready and not w.is_draining for w in self.workers.values())
        actions: list[Action] = []
        for slot in self.slots:
            if starting >= _AT_ONCE:
                break
            if slot.current is not None or slot.not_before > now:
                continue
            is_scout = self._scouting and slot.number == 0
            if self._scouting and not self._has_served and not is_scout:
                continue
            generation = self.generation
            if self._next is not None and (is_scout or not self._scouting):
                generation = self._next
            actions.append(Start(slot.number, generation))
            starting += 1
        return actions

    def _make_way(self, slot: Slot) -> None:
        """Let what is there serve until another can."""
        current = self.workers.get(slot.current or 0)
        if current is None:
            return
        slot.old, slot.current = current.pid, None

    def _replace_all(self, actions: list[Action]) -> None:
        """The scout is well: the others follow."""
        assert self._next is not None
        for slot in self.slots[1:]:
            self._make_way(slot)
            slot.deaths, slot.not_before = 0, -math.inf
        self._grow(actions)

    def _settle(self, now: float) -> list[Action]:
        """See whether the whole of a generation has come up."""
        if self._next is None or self._scouting:
            return []
        for slot in self.slots[: self.wanted]:
            worker = self.workers.get(slot.current or 0)
            if worker is None or not worker.is_ready or worker.generation != self._next:
                return []
        self.generation, self._next = self._next, None
        actions: list[Action] = []
        self._grow(actions)  # the number may have been changed meanwhile
        return [Settled(self.generation), *actions, *self._shrink(now)]

    def _scout_died(
        self, now: float, slot: Slot, worker: Worker, how: Ending, told: Tell
    ) -> list[Action]:
        if self._has_served:
            failed, self._next, self._scouting = worker.generation, None, False
            slot.current, slot.old, slot.deaths, slot.not_before = slot.old, None, 0, now
            self.wanted = len(self.slots)
            text = f"{_why(worker, how)} before it was ready: the settings from before stay"
            return [Tell(text), Reverted(failed), *self._fill(now)]
        # A code is what a worker ends with that knows why it cannot serve, and has said so.
        if how.code is not None or slot.deaths >= _HOPELESS:
            return [*self._give_up(f"{_why(worker, how)} before it was ready: giving up")]
        return [told]

    def _give_up(self, why: str) -> list[Action]:
        self.is_stopping, self._code = True, 1
        return [Tell(why), Exit(1)]

    # --- making places empty ---

    def _shrink(self, now: float) -> list[Action]:
        """Take the last places away; their sockets stay, and others take who waits there."""
        actions: list[Action] = []
        if len(self.slots) <= self.wanted:
            return []
        actions.append(self._steered_to(tuple(range(self.wanted))))
        while len(self.slots) > self.wanted:
            slot = self.slots.pop()
            for pid in (slot.current, slot.old):
                if (worker := self.workers.get(pid or 0)) is not None:
                    actions += self._drain(now, worker, "not needed", takes_queue=False)
        return actions

    def _drain(self, now: float, worker: Worker, why: str, *, takes_queue: bool) -> list[Action]:
        if worker.is_draining:
            return []
        worker.is_draining = True
        worker.kill_at = now + self._rule.drain_timeout + _MARGIN
        actions: list[Action] = [Drain(worker.pid, takes_queue)]
        if why:
            actions.append(Tell(f"{worker.name} drains: {why}"))
        return actions

    def _look_after(self, now: float, worker: Worker, beat: float) -> list[Action]:
        """Kill one that is stuck, or that does not end."""
        if worker.is_killed:
            return []
        if now >= worker.kill_at or now >= worker.aborted_at + _LAST_WORDS:
            worker.is_killed = True
            why = "does not end" if worker.is_draining else "is stuck"
            return [Kill(worker.pid), Tell(f"{worker.name} {why}: killed")]
        silent = now - max(beat, worker.started_at, worker.forgiven_until)
        if silent > self._rule.stuck_after and worker.aborted_at == math.inf:
            worker.aborted_at = now
            return [Tell(f"{worker.name} has been silent for {silent:.0f}s"), Abort(worker.pid)]
        return []

    # --- steering ---

    def _steer(self, now: float, beats: Mapping[int, float]) -> list[Action]:
        """Keep new connections away from places where nobody would accept them now."""
        slots = set()
        for worker in self.workers.values():
            seen = max(beats.get(worker.pid, now), worker.forgiven_until)
            if worker.serves and now - seen < _SILENT and worker.slot < len(self.slots):
                slots.add(worker.slot)
        wanted = tuple(sorted(slots)) or tuple(range(len(self.slots)))
        return [] if wanted == self._steered else [self._steered_to(wanted)]

    def _steered_to(self, slots: tuple[int, ...]) -> Steer:
        self._steered = slots
        return Steer(slots)


def _why(worker: Worker, how: Ending) -> str:
    return f"{worker.name} {how.text}"


def _next_try(wait: float) -> str:
    return f"the next one in {wait:.2g}s" if wait else "replaced"
