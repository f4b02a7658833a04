"""Carries out what a crew decides: starts workers, listens to them, waits for them.

Synchronous and single, without loop or thread, so that it may fork at any time: a selector,
a socket that signals write to, and nothing else.  It opens every listening socket, and has
read the settings before anything is bound.  Must not know what workers serve, nor decide who
lives.
"""

import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from typing import Final

from hedgerow.errors import HedgerowError
from hedgerow.serve.settings import Settings
from hedgerow.serve.workers import actions as act
from hedgerow.serve.workers.attendant import Attendant
from hedgerow.serve.workers.board import Board
from hedgerow.serve.workers.crew import Crew
from hedgerow.serve.workers.generations import Generations, ReadSettings
from hedgerow.serve.workers.line import DRAIN, FINISH, Line
from hedgerow.serve.workers.listeners import Listeners
from hedgerow.serve.workers.notify import Notifier
from hedgerow.serve.workers.overflow import Overflow
from hedgerow.serve.workers.processes import Processes
from hedgerow.serve.workers.scaling import Scaling
from hedgerow.serve.workers.signals import Signals, has_terminal, send
from hedgerow.serve.workers.worker import Surroundings, share_one_core
from hedgerow.wire.opening import url

#: Heartbeats are looked at so often.
_TICK: Final = 0.5

Announce = Callable[[str], None]


class Supervisor:
    """One, from the start to the exit code."""

    def __init__(
        self, settings: Settings, read: ReadSettings, around: Surroundings, announce: Announce
    ) -> None:
        """``read`` reads the settings again, for a reload; ``announce`` tells the operator."""
        self._announce = announce
        self._generations = Generations(settings, read)
        plan = self._generations.newest.plan
        self._board = Board(plan.entries)
        self._listeners = Listeners(shares_port=plan.shares_port, threads=plan.threads)
        self._crew = Crew(plan.rule)
        self._scaling = Scaling(plan)
        self._selector = selectors.DefaultSelector()
        self._processes = Processes(self._board, self._listeners, self._selector, around)
        self._processes.ready = lambda pid: self._do(self._crew.ready(time.monotonic(), pid))
        self._overflow = Overflow(self._selector, self._takers)
        self._attendant = Attendant(self._board, self._processes.fork_beside, announce)
        self._processes.leave = self._attendant.leave
        self._notifier = Notifier()
        self._exit_code: int | None = None
        self._wants_reload = False
        self._had_terminal = has_terminal()
        self._alive_at = 0.0
        self._stopped_by: signal.Signals | None = None

    def run(self) -> int:
        """Serve until told to end; returns the exit code.  Raises StartError before that."""
        generation = self._generations.newest
        signals = Signals()
        try:
            self._listeners.open(generation.plan.wanted)
            self._attendant.open(generation.settings.server.admin)
            self._selector.register(signals, selectors.EVENT_READ, lambda _: None)
            self._warn_of_threads(generation.plan.threads)
            self._do(self._crew.begin(time.monotonic(), generation.plan.least))
            self._board.supervised(time.monotonic(), self._crew.crashes)
            self._attendant.renew(time.monotonic())
            while self._exit_code is None:
                self._turn(signals)
        finally:
            self._end()
            signals.close()
        if self._exit_code:
            return self._exit_code
        return 130 if self._stopped_by is signal.SIGINT else 0

    def _warn_of_threads(self, threads: int) -> None:
        if threads > 1 and share_one_core():
            told = "this build of Python runs one thread at a time, so they share one core"
            self._announce(f"threads = {threads}: {told}; --workers uses several")

    # --- what happens ---

    def _turn(self, signals: Signals) -> None:
        """Wait for something to happen, or for half a second."""
        wait = min(_TICK, max(0.0, self._crew.next_due() - time.monotonic()))
        for key, _ in self._selector.select(wait):
            key.data(key.fd)
        for number in signals.take():
            self._signalled(time.monotonic(), number)
        for pid, how in self._processes.collect():
            self._attendant.ended(time.monotonic(), pid, how)
            self._do(self._crew.ended(time.monotonic(), pid, how))
        now = time.monotonic()
        if self._wants_reload and not self._crew.is_changing and not self._crew.is_stopping:
            self._reload(now)
        self._do(self._crew.tick(now, self._processes.beats()))
        self._board.supervised(now, self._crew.crashes)
        self._scale(now)
        self._attendant.tick(now)
        self._give_a_sign_of_life(now)

    def _signalled(self, now: float, number: signal.Signals) -> None:
        match number:
            case signal.SIGTERM | signal.SIGINT | signal.SIGQUIT:
                self._asked_to_stop(now, number)
            case signal.SIGHUP if self._had_terminal and not has_terminal():
                self._asked_to_stop(now, number)
            case signal.SIGHUP:
                self._wants_reload = True
            case signal.SIGUSR1:
                self._announce("SIGUSR1: the access logs are opened again")
                for pid in self._processes:
                    send(pid, signal.SIGUSR1)
            case signal.SIGTTIN | signal.SIGTTOU:
                step = 1 if number is signal.SIGTTIN else -1
                count = self._scaling.by_hand(now, self._crew.wanted + step)
                self._resize(now, count, number.name)
            case _:  # SIGCHLD: the turn collects
                return

    def _asked_to_stop(self, now: float, number: signal.Signals) -> None:
        """Drain; at once where it is said twice, or by SIGQUIT."""
        at_once = self._crew.is_stopping or number is signal.SIGQUIT
        self._announce("ending at once" if at_once else "draining")
        self._stopped_by = self._stopped_by or number
        self._board.stop()
        self._notifier.stopping()
        self._do(self._crew.stop_at_once(now) if at_once else self._crew.stop(now))

    def _scale(self, now: float) -> None:
        if self._crew.is_changing or self._crew.is_stopping or not self._scaling.is_due(now):
            return
        loads = self._processes.loads([worker.pid for worker in self._crew.serving])
        count = self._scaling.decide(now, loads)
        self._resize(now, count, self._scaling.why(loads))

    def _resize(self, now: float, count: int, why: str) -> None:
        try:
            self._listeners.add_slot(count - 1)
        except HedgerowError as error:
            self._announce(f"{error}")
        else:
            self._do(self._crew.resize(now, count, why))

    def _give_a_sign_of_life(self, now: float) -> None:
        every = self._notifier.watchdog
        if every and now - self._alive_at >= min(every, _TICK) and self._crew.serving:
            self._alive_at = now
            self._notifier.alive()

    # --- reloading ---

    def _reload(self, now: float) -> None:
        self._wants_reload = False
        self._notifier.reloading()
        try:
            generation = self._generations.read()
            generation.plan.check_against(self._generations.newest.plan)
            self._listeners.open(generation.plan.wanted)
            count = generation.plan.nearest(self._crew.wanted)
            self._listeners.add_slot(count - 1)
            self._attendant.open(generation.settings.server.admin)
        except HedgerowError as error:
            self._announce(f"{error}")
            self._announce("SIGHUP: the settings from before stay")
            self._listeners.keep_only(list(self._generations.newest.plan.addresses))
            self._notifier.ready(self._status())
            return
        self._announce("SIGHUP: new settings, new workers")
        self._generations.add(generation)
        self._scaling = Scaling(generation.plan)
        self._scaling.by_hand(now, count)
        self._do(self._crew.reload(now, generation.number, count, generation.plan.rule))

    def _settled(self, number: int) -> None:
        """All workers are of this generation."""
        self._generations.keep(number)
        newest = self._generations.newest
        self._listeners.keep_only([one.address for one in newest.plan.wanted])
        for listen in newest.settings.server.listen:
            where = self._listeners.bound_to(listen.address)
            self._announce(f"serving on {url(where, is_tls=listen.tls is not None)}")
        if number:
            self._attendant.renew(time.monotonic())
        self._notifier.ready(self._status())

    def _reverted(self, number: int) -> None:
        self._generations.drop(number)
        plan = self._generations.newest.plan
        self._listeners.keep_only([one.address for one in plan.wanted])
        try:
            self._attendant.open(self._generations.newest.settings.server.admin)
        except HedgerowError as error:  # workers go on, whatever became of the admin address
            self._announce(str(error))
        self._attendant.renew(time.monotonic())
        self._scaling = Scaling(plan)
        self._scaling.by_hand(time.monotonic(), self._crew.wanted)
        self._notifier.ready(self._status())

    def _status(self) -> str:
        count = len(self._crew.serving)
        return f"{count} worker{'s' * (count != 1)}"

    # --- what is to be done ---

    def _do(self, actions: Sequence[act.Action]) -> None:
        for action in actions:
            match action:
                case act.Tell(text):
                    self._announce(text)
                case act.Exit(code):
                    self._exit_code = code
                case act.Settled(generation):
                    self._settled(generation)
                case act.Reverted(generation):
                    self._reverted(generation)
                case act.AddSlot() | act.Steer() | act.CloseListeners():
                    self._change_listeners(action)
                case act.Start() | act.Drain() | act.Abort() | act.Kill():
                    self._change_process(action)

    def _change_listeners(self, action: act.AddSlot | act.Steer | act.CloseListeners) -> None:
        match action:
            case act.AddSlot(slot):
                self._listeners.add_slot(slot)
            case act.Steer(slots):
                self._listeners.steer(slots)
                can_take = bool(self._crew.serving)
                self._overflow.watch(list(self._listeners.without(slots)) if can_take else [])
            case act.CloseListeners():
                self._overflow.watch([])
                self._listeners.close()

    def _change_process(self, action: act.Start | act.Drain | act.Abort | act.Kill) -> None:
        match action:
            case act.Start(slot, generation):
                self._start(slot, generation)
            case act.Drain(pid, takes_queue):
                if (line := self._processes.line(pid)) is not None:
                    line.say(FINISH if takes_queue else DRAIN)
            case act.Abort(pid):
                send(pid, signal.SIGABRT)
            case act.Kill(pid):
                send(pid, signal.SIGKILL)

    def _start(self, slot: int, generation: int) -> None:
        settings = self._generations[generation].settings
        try:
            pid = self._processes.start(slot, generation, settings)
        except HedgerowError as error:
            self._announce(f"{error}")
            self._crew.not_started(time.monotonic(), slot)
        else:
            self._crew.started(time.monotonic(), slot, generation, pid)

    def _takers(self, address: str) -> list[Line]:
        """Return the lines of workers that serve this address."""
        lines = []
        for worker in self._crew.serving:
            knows = address in self._generations[worker.generation].plan.addresses
            line = self._processes.line(worker.pid)
            if knows and line is not None:
                lines.append(line)
        return lines

    def _end(self) -> None:
        """Leave nothing behind, also after an exception."""
        self._overflow.watch([])
        for pid in self._processes:
            send(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._attendant.close()
        self._listeners.close()
        self._selector.close()
