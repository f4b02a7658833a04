"""Notes what becomes of requests, as cheaply as it can, and hands it over in batches.

Plain requests (see ``batch``) are a number in a list and a count on their answer's head;
everything else is a sample of its own.  Must not know models, connections or pipes.

A batch is all of one phase: the change from warm-up to measuring begins a new one.  A
request belongs to the phase in which it began.
"""

from array import array

from hedgerow.load.batch import Batch, Sample
from hedgerow.wire.heads import ResponseHead


class HeadTally:
    """How often a good answer with this very head came in one piece, since the last batch."""

    __slots__ = ("count", "head", "size_in", "size_out")

    def __init__(self, head: ResponseHead, size_in: int, size_out: int) -> None:
        self.head = head
        self.size_in = size_in  # of the whole answer: equal heads with a length, equal sizes
        self.size_out = size_out  # of its request
        self.count = 0


class Recorder:
    """What one generator process has to tell."""

    def __init__(self, *, is_warm_up: bool) -> None:
        self.began_ns = 0  # the plan's beginning, once it is known
        self.is_warm_up = is_warm_up
        self.plain: list[int] = []  # appended to by whoever is answered at once
        self.samples: list[Sample] = []
        self.iterations: list[tuple[int, int]] = []
        self.loop_lag: list[int] = []
        self.gc_pause = 0
        self.complaint = ""
        self._ended_ns = 0  # the last plain request's end that nothing followed at once
        self._extra_out = 0  # bytes that plain requests had more than their heads' first
        self._tallies: list[HeadTally] = []

    def remember(self, head: ResponseHead, size_in: int, size_out: int) -> None:
        """Let plain answers with this head be counted on it."""
        if head.plan is None:
            head.plan = tally = HeadTally(head, size_in, size_out)
            self._tallies.append(tally)

    def plain_ended(self, now_ns: int, extra_out: int) -> None:
        """A plain request has ended that nothing follows at once; it was so many bytes longer."""
        self._ended_ns = now_ns
        self._extra_out += extra_out

    def sample(self, sample: Sample) -> None:
        """Tell one request in full; its ``began`` is a perf_counter_ns so far."""
        sample.began -= self.began_ns
        self.samples.append(sample)

    def iteration(self, began_ns: int, ended_ns: int) -> None:
        """One iteration of a user is over."""
        self.iterations.append((began_ns - self.began_ns, ended_ns - began_ns))

    def batch(
        self,
        now_ns: int,
        *,
        frame_ends: int,
        standing: "Standing",
        opened: int,
        connections: int,
    ) -> Batch:
        """Hand over everything since the last batch, and begin anew.

        ``opened`` is how many connections were, since then; ``connections``, how many are open.
        """
        times = array("Q", self.plain)
        used = [tally for tally in self._tallies if tally.count]
        batch = Batch(
            at=now_ns - self.began_ns,
            frame_ends=frame_ends,
            is_warm_up=self.is_warm_up,
            plain=times.tobytes(),
            plain_counts=[(t.head.status, t.count, t.count * t.size_in) for t in used],
            plain_bytes_out=sum(t.count * t.size_out for t in used) + self._extra_out,
            plain_until=(now_ns if standing.in_flight else self._ended_ns) - self.began_ns,
            samples=self.samples,
            iterations=self.iterations,
            opened=opened,
            users=standing.users,
            in_flight=standing.in_flight,
            backlog=standing.backlog,
            connections=connections,
            loop_lag=self.loop_lag,
            gc_pause=self.gc_pause,
            complaint=self.complaint,
        )
        self.plain.clear()  # the same list: those who append to it hold on to it
        self.samples, self.iterations, self.loop_lag = [], [], []
        self.gc_pause = self._extra_out = 0
        self._forget_old_heads()
        return batch

    def _forget_old_heads(self) -> None:
        """A head with a date is used for a second: do not carry its tally along for ever."""
        for tally in self._tallies:
            if not tally.count:
                tally.head.plan = None
        self._tallies = [tally for tally in self._tallies if tally.count]
        for tally in self._tallies:
            tally.count = 0


class Standing:
    """How many there are of what, now."""

    __slots__ = ("backlog", "in_flight", "users")

    def __init__(self, *, users: int = 0, in_flight: int = 0, backlog: int = 0) -> None:
        self.users = users
        self.in_flight = in_flight
        self.backlog = backlog
