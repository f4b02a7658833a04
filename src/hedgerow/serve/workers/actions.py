"""What a crew wants done.  Records only; the supervisor carries them out, in order."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """Start a worker with the settings of a generation, with the sockets of a slot."""

    slot: int
    generation: int


@dataclass(frozen=True, slots=True)
class Drain:
    """Let a worker answer what it has been asked, and end.

    ``takes_queue``: nobody else will listen at its sockets, so it accepts whoever waits there.
    """

    pid: int
    takes_queue: bool


@dataclass(frozen=True, slots=True)
class Abort:
    """Make a worker say where it is stuck, and end, if it still can."""

    pid: int


@dataclass(frozen=True, slots=True)
class Kill:
    """End a process at once."""

    pid: int


@dataclass(frozen=True, slots=True)
class AddSlot:
    """Open the sockets of one more slot."""

    slot: int


@dataclass(frozen=True, slots=True)
class Steer:
    """Send new connections to these slots only."""

    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CloseListeners:
    """Close our copies of all listening sockets."""


@dataclass(frozen=True, slots=True)
class Settled:
    """All workers are of this generation now, and ready; what only older ones needed may go."""

    generation: int


@dataclass(frozen=True, slots=True)
class Reverted:
    """A generation has not come up; the one before goes on."""

    generation: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something to the operator."""

    text: str


@dataclass(frozen=True, slots=True)
class Exit:
    """It is over."""

    code: int


Action = (
    Start
    | Drain
    | Abort
    | Kill
    | AddSlot
    | Steer
    | CloseListeners
    | Settled
    | Reverted
    | Tell
    | Exit
)
