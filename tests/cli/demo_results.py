"""Results and stories for the tests of what a demo shows."""

from hedgerow.cli.demo_counts import Counts, Results
from hedgerow.cli.demo_plan import DemoPlan
from hedgerow.cli.demo_result import DemoResult, Side
from hedgerow.cli.demo_story import Chosen, Story, ToldAttempt
from hedgerow.load.batch import Sample
from hedgerow.load.outcome import Outcome, outcome_of_status

PLAN = DemoPlan(rate=100, seconds=20, seed=1, deadline=1.0)


def ended(
    after: float, outcome: Outcome = Outcome.OK, status: int = 200, lag: float | None = 0.001
) -> Sample:
    """A request that ended so many seconds after it was due; without a lag it was not sent."""
    response, late = round(after * 1e9), 0 if lag is None else round(lag * 1e9)
    return Sample(
        label="work",
        is_warm_up=False,
        began=0,
        response=response,
        service=-1 if lag is None else response - late,
        ttfb=-1,
        connect=-1,
        lateness=late // 4,  # part of the lag is ours, the rest is a new connection's
        backlog=late - late // 4,
        outcome=outcome.value,
        status=status,
        bytes_in=10,
        bytes_out=0,
        user=0,
    )


def results(
    in_time: int = 0, late: int = 0, failures: tuple[int, ...] = (), lag: float = 0.001
) -> Results:
    """Good answers after 400 ms, late ones after 2 s, failures (by status) after 300 ms."""
    counts = Counts(PLAN.deadline)
    for count, after in ((in_time, 0.4), (late, 2.0)):
        counts.add(ended(after, lag=lag) for _ in range(count))
    counts.add(ended(0.3, outcome_of_status(status), status, lag) for status in failures)
    return counts.results()


def attempt(
    kind: str, started_at: float, ended_at: float | None, fate: str, *, won: bool = False
) -> ToldAttempt:
    return ToldAttempt(kind, started_at, ended_at, fate, won)


def hedge_won(number: int = 7) -> Story:
    return Story(
        number,
        200,
        0.5,
        (
            attempt("primary", 0.0, 0.5, "cancelled"),
            attempt("hedge", 0.3, 0.5, "200", won=True),
            attempt("hedge", 0.3, 0.4, "503"),
        ),
    )


def demo_result(
    direct: Results | None = None,
    hedged: Results | None = None,
    *,
    attempts: int = 2390,
    stories: tuple[Chosen, ...] = (),
    interrupted: bool = False,
) -> DemoResult:
    """A thousand users a side, as arithmetic would have them."""
    direct = direct or results(788, 112, (500,) * 60 + (429,) * 40)
    return DemoResult(
        plan=PLAN,
        direct=Side(direct, direct.ended, PLAN.expectation(hedged=False)),
        hedged=Side(
            hedged or results(989, 0, (504,) * 11), attempts, PLAN.expectation(hedged=True)
        ),
        cancelled=1195,
        stories=stories,
        interrupted=interrupted,
    )
