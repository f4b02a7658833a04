import pytest

from hedgerow.load.generator.user_pacing import UserPacing, requests_of, user_plan
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan, Share, Stage
from tests.load.generator.stage import START_NS, FieldStage


def a_plan(model: Closed, **settings: float | None) -> LoadPlan:
    work = RequestPlan(url="http://a.example/", label="x")
    requests = settings.pop("requests", None)
    return LoadPlan(
        work=work,
        model=model,
        requests=None if requests is None else int(requests),
        duration=settings.get("duration"),
        warm_up=settings.get("warm_up") or 0.0,
    )


class Events:
    """Who came and went when."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        model: Closed,
        share: Share | None = None,
        **settings: float,
    ) -> None:
        self.stage = FieldStage(monkeypatch, a_plan(model, **settings), share)
        self.came: list[tuple[float, int]] = []
        self.went: list[tuple[float, int]] = []
        self.pacing = UserPacing(
            self.stage.field,
            model,
            lambda number: self.came.append((self.stage.elapsed, number)),
            lambda number: self.went.append((self.stage.elapsed, number)),
        )
        self.pacing.start(START_NS)


class TestUsers:
    def test_come_over_the_ramp_and_go_with_the_plan(self, monkeypatch: pytest.MonkeyPatch) -> None:
        events = Events(monkeypatch, Closed(users=2, ramp_up=4), duration=5, warm_up=1)
        events.stage.run(10)
        assert (events.came, events.went) == ([(0, 0), (2, 1)], [(6, 0), (6, 1)])
        assert events.pacing.have_all_come

    def test_come_again_where_stages_swing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        targets = (1, 0, 1, 0)
        stages = tuple(Stage(seconds=1, target=target) for target in targets)
        events = Events(monkeypatch, Closed(users=1, stages=stages))
        events.stage.run(10)
        assert (events.came, events.went) == ([(1, 0), (3, 0)], [(2, 0), (4, 0)])

    def test_are_dealt_out_to_shares(self, monkeypatch: pytest.MonkeyPatch) -> None:
        events = Events(monkeypatch, Closed(users=5, ramp_up=5), Share(index=1, of=2))
        events.stage.run(10)
        assert events.came == [(1, 1), (3, 3)]
        assert list(events.pacing.numbers) == [1, 3]

    def test_of_a_share_without_any_have_all_come(self, monkeypatch: pytest.MonkeyPatch) -> None:
        events = Events(monkeypatch, Closed(users=1), Share(index=1, of=2))
        assert events.pacing.have_all_come

    def test_do_not_come_any_more_after_a_stop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        events = Events(monkeypatch, Closed(users=3, ramp_up=3), duration=9)
        events.stage.run(1.5)
        events.pacing.stop()
        events.stage.run(20)
        assert (len(events.came), events.went) == (2, [])


class TestRequests:
    @pytest.mark.parametrize(
        ("users", "of", "expected"),
        [(4, 3, [4, 3, 3]), (2, 4, [5, 5, 0, 0]), (1, 2, [10, 0])],
    )
    def test_are_dealt_out_to_shares_with_users(
        self, monkeypatch: pytest.MonkeyPatch, users: int, of: int, expected: list[int]
    ) -> None:
        plan, dealt = a_plan(Closed(users=users), requests=10), []
        for index in range(of):
            stage = FieldStage(monkeypatch, plan, Share(index=index, of=of))
            dealt.append(requests_of(stage.field, Closed(users=users)))
        assert dealt == expected

    def test_are_not_counted_without_a_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = FieldStage(monkeypatch, a_plan(Closed(users=1)))
        assert requests_of(stage.field, Closed(users=1)) is None


class TestPlan:
    def test_lasts_for_the_warm_up_and_what_is_measured(self) -> None:
        assert (
            user_plan(a_plan(Closed(users=1), duration=5, warm_up=2), Closed(users=1)).ends_at == 7
        )
