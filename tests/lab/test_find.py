import asyncio
import math

import pytest

from hedgerow.errors import StartError
from hedgerow.lab.find import Asked, Finder, connections_for, order_at
from hedgerow.load.plan import Closed, Open
from hedgerow.measure.slo import parse_slo
from hedgerow.report.find_document import ProbeRecord, Variant
from tests.lab.simulated import SimulatedRun, SimulatedServer, asked, with_connections


def found(search: Asked, server: SimulatedServer) -> tuple[Variant, list[ProbeRecord]]:
    """What a search finds, and what it told of on the way."""

    async def find() -> tuple[Variant, list[ProbeRecord]]:
        told: list[ProbeRecord] = []
        return await Finder(search, server.make_run, told.append).find(), told

    return asyncio.run(find())


class TestByRate:
    def test_finds_what_the_formula_says(self) -> None:
        variant, _ = found(asked("p99<50ms"), SimulatedServer(rate=1000))
        truth = 1000 - math.log(100) / 0.05
        assert variant.capacity.kind == "found"
        assert variant.capacity.load == pytest.approx(truth, rel=0.05)
        assert (variant.capacity.confirmed, variant.capacity.seconds) == (True, 30.0)

    def test_asks_for_each_rate(self) -> None:
        server = SimulatedServer()
        variant, _ = found(asked("p99<50ms"), server)
        models = [order.plan.model for order in server.orders]
        assert [m.start_rate for m in models if isinstance(m, Open)] == [
            probe.load for probe in variant.probes
        ]

    def test_confirms_over_the_longer_time(self) -> None:
        server = SimulatedServer()
        variant, _ = found(asked("p99<50ms"), server)
        longest = [
            probe.purpose
            for probe, order in zip(variant.probes, server.orders, strict=True)
            if order.plan.duration == 30.0
        ]
        assert longest == ["confirming"]

    def test_tells_of_each_probe(self) -> None:
        variant, told = found(asked("p99<50ms"), SimulatedServer())
        assert told == variant.probes
        assert {record.came for record in told} == {"kept", "broken"}

    def test_ends_a_probe_above_capacity_early(self) -> None:
        server = SimulatedServer(rate=1000)
        variant, _ = found(asked("p99<50ms"), server)
        far_above = [
            seconds
            for probe, seconds in zip(variant.probes, server.seconds, strict=True)
            if probe.load > 1100
        ]
        assert far_above
        assert set(far_above) == {5.0}
        assert any("waited grew" in probe.stopped_because for probe in variant.probes)

    def test_takes_a_queue_that_grew_slowly_for_broken_at_the_end(self) -> None:
        variant, _ = found(asked("errors<1%", most=100_000), SimulatedServer(rate=50_000))
        assert variant.capacity.load == pytest.approx(50_000, rel=0.03)
        kept = [probe.load for probe in variant.probes if probe.came == "kept"]
        assert max(kept) < 50_000 * 1.03

    def test_takes_a_growing_queue_for_broken_whatever_was_promised(self) -> None:
        variant, _ = found(asked("errors<1%"), SimulatedServer(rate=100))
        assert variant.capacity.kind == "found"
        assert variant.capacity.load == pytest.approx(100, rel=0.20)


class TestByUsers:
    def test_finds_a_whole_number(self) -> None:
        variant, _ = found(asked("p99<50ms", by_users=True), SimulatedServer(rate=1000))
        assert variant.capacity.load in range(47, 50)  # 50 users x 1 ms

    def test_asks_for_users(self) -> None:
        server = SimulatedServer()
        variant, _ = found(asked("p99<50ms", by_users=True), server)
        models = [order.plan.model for order in server.orders]
        assert [m.users for m in models if isinstance(m, Closed)] == [
            probe.load for probe in variant.probes
        ]


class TestEnds:
    def test_broken_at_the_least_is_below(self) -> None:
        variant, _ = found(asked("p99<1us"), SimulatedServer())
        assert variant.capacity.kind == "below"

    def test_kept_at_the_most_is_above(self) -> None:
        variant, _ = found(asked("p99<50ms", most=100), SimulatedServer())
        assert (variant.capacity.kind, variant.capacity.load) == ("above", 100)


class TestGeneratorAtItsLimit:
    def test_is_never_taken_for_the_servers_capacity(self) -> None:
        server = SimulatedServer(rate=1000, generator=300)
        variant, _ = found(asked("p99<5ms"), server)
        assert variant.capacity.kind == "found"  # kept beyond 300/s, so it did no harm
        variant, _ = found(asked("p99<2ms", "errors<1%"), SimulatedServer(50_000, generator=300))
        assert variant.capacity.kind == "above"

    def test_is_told_when_a_promise_broke_beyond_it(self) -> None:
        server = SimulatedServer(rate=1000, generator=700)
        variant, _ = found(asked("p99<50ms"), server)
        assert variant.capacity.kind == "generator"
        assert variant.capacity.load is not None
        assert variant.capacity.broken is not None
        assert variant.capacity.broken > 700


class TestTargetThatIsDown:
    def test_is_told_at_once(self) -> None:
        server = SimulatedServer(down=True)
        with pytest.raises(StartError, match="connect_refused 500"):
            found(asked("p99<50ms"), server)
        assert server.seconds == [2.0]


class TestStopping:
    def test_tells_what_is_known_and_forgets_the_probe_under_way(self) -> None:
        server = SimulatedServer()
        finder: list[Finder] = []

        def third_probe(run: SimulatedRun) -> None:
            if len(server.orders) == 3:
                finder[0].stop("interrupted")
                finder[0].cut_off()
                assert run.was_cut_off

        server.during = third_probe

        async def find() -> Variant:
            finder.append(Finder(asked("p99<50ms"), server.make_run, lambda record: None))
            return await finder[0].find()

        variant = asyncio.run(find())
        assert (variant.capacity.kind, len(variant.probes)) == ("unfinished", 2)
        assert variant.capacity.load == variant.probes[1].load

    def test_before_the_first_probe_sends_nothing(self) -> None:
        server = SimulatedServer()

        async def find() -> Variant:
            finder = Finder(asked("p99<50ms"), server.make_run, lambda record: None)
            finder.stop("interrupted")
            return await finder.find()

        assert asyncio.run(find()).capacity.load is None
        assert server.orders == []


class TestOrderOfAProbe:
    def test_ends_by_its_time_alone(self) -> None:
        order = order_at(asked("p99<50ms"), 200.0, 10.0)
        assert (order.plan.duration, order.plan.requests) == (10.0, None)
        assert not order.abort_on_fail

    def test_draws_its_own_chances(self) -> None:
        seeds = [order_at(asked("p99<50ms"), 200.0, 10.0, n).plan.seed for n in range(3)]
        assert len(set(seeds)) == 3

    def test_says_what_it_asks_for(self) -> None:
        config = order_at(asked("p99<50ms"), 200.0, 10.0).config
        assert (config.rate, config.duration_s) == ("200", 10.0)
        assert order_at(asked("p99<50ms", by_users=True), 7.0, 10.0).config.users == 7

    def test_keeps_the_users_own_limit_of_connections(self) -> None:
        order = order_at(with_connections(asked("p99<50ms"), 7), 200.0, 10.0)
        assert isinstance(order.plan.model, Open)
        assert order.plan.model.max_connections == 7

    def test_may_otherwise_use_what_the_promise_allows(self) -> None:
        assert connections_for(1000, (parse_slo("p99<250ms"),)) == 550
        assert connections_for(100, (parse_slo("errors<1%"),)) == 250
        assert connections_for(1e6, (parse_slo("p99<1s"),)) == 10_000
