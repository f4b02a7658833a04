"""What really went out, and when, is spaced as the plan says."""

import asyncio
import itertools
import statistics

import pytest

from hedgerow.load.batch import Sample
from hedgerow.load.channel import Assignment
from hedgerow.load.crew import LocalCrew
from hedgerow.load.plan import LoadPlan, Open, RequestPlan, Share
from tests.fakes.misbehaving import OK, MisbehavingServer, says
from tests.workload.statistics import exponential, kolmogorov_smirnov_p

RATE = 100.0
SECONDS = 4.0


def sent(url: str, model: Open, *, processes: int = 1) -> list[float]:
    """When each request was given to its connection, in seconds, in order."""
    samples: list[Sample] = []
    plan = LoadPlan(
        work=RequestPlan(url=url, label="x"), model=model, duration=SECONDS, processes=processes
    )

    async def run() -> None:
        crew = LocalCrew(Assignment(plan=plan, share=Share()), lambda _: None, samples.append)
        try:
            await crew.prepare()
            crew.go(50_000_000)
            await crew.finished()
        finally:
            await crew.close()

    asyncio.run(run())
    assert all(sample.lateness >= 0 for sample in samples)  # never before it was due
    return sorted((s.began + s.lateness + s.backlog) / 1e9 for s in samples)


@pytest.mark.parametrize("processes", [1, 3])
class TestSpacing:
    def test_of_poisson_arrivals_is_exponential(self, processes: int) -> None:
        with MisbehavingServer(says(OK)) as server:
            model = Open(start_rate=RATE, spacing="poisson")
            moments = sent(server.url, model, processes=processes)
        gaps = [(later - sooner) * RATE for sooner, later in itertools.pairwise(moments)]
        assert kolmogorov_smirnov_p(gaps, exponential) > 0.001

    def test_of_even_arrivals_is_uniform(self, processes: int) -> None:
        with MisbehavingServer(says(OK)) as server:
            moments = sent(server.url, Open(start_rate=RATE), processes=processes)
        assert len(moments) == RATE * SECONDS
        assert kolmogorov_smirnov_p(moments, lambda at: min(1.0, max(0.0, at / SECONDS))) > 0.001
        gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
        assert statistics.median(gaps) == pytest.approx(1 / RATE, rel=0.1)
