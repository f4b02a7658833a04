"""The number of workers: as the load says, or as somebody does."""

from hedgerow.policy.worker_scale import WorkerLoad
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.workers.planning import Plan
from hedgerow.serve.workers.scaling import Scaling

BUSY = WorkerLoad(utilisation=0.97)


def plan(workers: str) -> Plan:
    text = f'[server]\nworkers = {workers}\n[upstream.a]\nreplicas = ["http://127.0.0.1:9"]\n'
    return Plan.of(settings_from_text(text))


class TestARange:
    def test_is_looked_at_once_a_second(self) -> None:
        scaling = Scaling(plan('"2..8"'))
        assert scaling.is_due(100.0)
        scaling.decide(100.0, [BUSY, BUSY])
        assert not scaling.is_due(100.5)
        assert scaling.is_due(101.0)

    def test_follows_the_load_to_its_end(self) -> None:
        scaling = Scaling(plan('"2..3"'))
        count = 2
        for second in range(60):
            count = scaling.decide(float(second), [BUSY] * count)
        assert count == 3

    def test_holds_by_hand_too(self) -> None:
        scaling = Scaling(plan('"2..3"'))
        assert [scaling.by_hand(0.0, count) for count in (1, 3, 9)] == [2, 3, 3]


class TestANumber:
    def test_is_not_looked_at(self) -> None:
        assert not Scaling(plan("4")).is_due(100.0)

    def test_can_be_changed_by_hand(self) -> None:
        scaling = Scaling(plan("4"))
        assert [scaling.by_hand(0.0, count) for count in (0, 5, 32, 33)] == [1, 5, 32, 32]


class TestWhy:
    def test_tells_the_load(self) -> None:
        told = Scaling.why([WorkerLoad(0.9, 0.012), WorkerLoad(0.8)])
        assert told == "1.7 loops are busy, the latest by 12ms"
