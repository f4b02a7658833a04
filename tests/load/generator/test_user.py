import asyncio
from typing import Any

import pytest

from hedgerow.load import scenario as scenario_api
from hedgerow.load.generator.answer import Answer
from hedgerow.load.generator.checks import Checks
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.generator.user import MOST_LABELS, OTHER_LABELS, Due, RunOver, User
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Expectation
from hedgerow.load.scenario import check
from tests.load.generator.fake_exchanger import (
    FakeExchanger,
    answered,
    context,
    failed,
    with_user,
)


class TestRequest:
    def test_goes_to_the_base_url(self) -> None:
        exchanger = FakeExchanger()
        with_user(lambda user: user.get("/items?page=1", label="list"), exchanger)
        (sent,) = exchanger.sent
        assert sent.endpoint == Endpoint(tls=False, host="shop", port=80)
        assert (sent.line, sent.label, sent.is_head) == ("GET /items?page=1", "list", False)

    def test_is_answered(self) -> None:
        answer = with_user(lambda user: user.get("/"), FakeExchanger(answered(200, b'["a"]')))
        assert (answer.status, answer.json(), answer.ok) == (200, ["a"], True)

    @pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
    def test_has_a_method_of_its_own(self, method: str) -> None:
        exchanger = FakeExchanger()
        with_user(lambda user: getattr(user, method)("/"), exchanger)
        assert exchanger.sent[0].line == f"{method.upper()} /"
        assert exchanger.sent[0].is_head is (method == "head")

    def test_without_a_label_is_named_after_method_and_path(self) -> None:
        exchanger = FakeExchanger()
        with_user(lambda user: user.request("purge", "/items/7?x=1"), exchanger)
        assert exchanger.sent[0].label == "PURGE /items/7"

    def test_has_the_time_that_it_is_given(self) -> None:
        exchanger = FakeExchanger()

        async def use(user: User) -> None:
            await user.get("/", timeout=1.5)
            await user.get("/")

        with_user(use, exchanger)
        assert [sent.time_limit for sent in exchanger.sent] == [1.5, 10.0]

    def test_with_an_unknown_word_is_refused(self) -> None:
        wrong: dict[str, Any] = {"heders": {}}
        with pytest.raises(TypeError, match="no heders"):
            with_user(lambda user: user.get("/", **wrong), FakeExchanger())

    def test_that_fails_does_not_raise(self) -> None:
        answer = with_user(lambda user: user.get("/"), FakeExchanger(failed()))
        assert (answer.status, answer.ok, str(answer.error)) == (0, False, "reset: gone")


class TestCounting:
    def test_waits_until_the_next_request(self) -> None:
        exchanger = FakeExchanger()

        async def use(user: User) -> None:
            await user.get("/", label="a")
            assert exchanger.counted == []
            await user.get("/", label="b")
            assert exchanger.counted == [("a", Outcome.OK, "")]

        with_user(use, exchanger)
        assert [label for label, _, _ in exchanger.counted] == ["a", "b"]

    def test_knows_what_was_found_wrong_meanwhile(self) -> None:
        exchanger = FakeExchanger()

        async def use(user: User) -> None:
            await user.get("/", label="a")
            user.fail("too few items")
            answer = await user.get("/", label="b")
            assert not check(answer, {"has items": False, "is there": True, "is new": 0})
            assert check(answer, {"is there": True})

        with_user(use, exchanger)
        assert exchanger.counted == [
            ("a", Outcome.CHECK_FAILED, "too few items"),
            ("b", Outcome.CHECK_FAILED, "has items, is new"),
        ]

    def test_fails_what_is_not_below_400(self) -> None:
        exchanger = FakeExchanger(answered(404), answered(503), answered(302))

        async def use(user: User) -> None:
            for _ in range(3):
                await user.get("/")

        with_user(use, exchanger)
        assert exchanger.outcomes == ["status_4xx", "status_5xx", "ok"]
        assert exchanger.counted[0][2] == "status 404"

    @pytest.mark.parametrize(
        ("expect", "outcome"),
        [(404, "ok"), ("4xx", "ok"), ([200, "404"], "ok"), (200, "status_4xx")],
    )
    def test_goes_by_the_status_that_was_expected(self, expect: Any, outcome: str) -> None:
        exchanger = FakeExchanger(answered(404))
        with_user(lambda user: user.get("/", expect=expect), exchanger)
        assert exchanger.outcomes == [outcome]

    def test_fails_a_good_status_that_was_not_expected(self) -> None:
        exchanger = FakeExchanger(answered(200))
        with_user(lambda user: user.get("/", expect=404), exchanger)
        assert exchanger.outcomes == ["status_other"]

    def test_goes_by_the_plans_checks_of_the_body(self) -> None:
        exchanger, within = FakeExchanger(answered(200, b"Sorry")), context()
        within.checks = Checks.of(Expectation(body="Welcome"))
        with_user(lambda user: user.get("/"), exchanger, within)
        assert exchanger.outcomes == ["check_failed"]

    def test_ends_where_no_more_requests_are_wanted(self) -> None:
        exchanger, within = FakeExchanger(), context()
        within.left = 1

        async def use(user: User) -> None:
            await user.get("/")
            with pytest.raises(RunOver):
                await user.get("/")

        with_user(use, exchanger, within)
        assert len(exchanger.sent) == 1

    def test_keeps_the_number_of_labels_within_bounds(self) -> None:
        within = context()
        labels = [within.label(str(number)) for number in range(MOST_LABELS + 2)]
        assert labels[-3:] == [str(MOST_LABELS - 1), OTHER_LABELS, OTHER_LABELS]
        assert within.label("0") == "0"

    def test_of_no_request_cannot_fail(self) -> None:
        async def use(user: User) -> None:
            user.fail("why")

        with pytest.raises(RuntimeError, match="no request yet"):
            with_user(use, FakeExchanger())


class TestDueTime:
    def test_is_that_of_the_first_request_only(self) -> None:
        exchanger = FakeExchanger()

        async def use(user: User) -> None:
            user.begin(Due(5, 6))
            await user.get("/")
            await user.get("/")

        with_user(use, exchanger)
        assert [sent.due for sent in exchanger.sent] == [Due(5, 6), None]


class TestCookies:
    def test_come_back(self) -> None:
        exchanger = FakeExchanger(answered(200, Set_Cookie="session=42; Path=/"))

        async def use(user: User) -> None:
            await user.get("/login")
            await user.get("/cart")

        with_user(use, exchanger)
        assert "cookie" not in exchanger.sent[0].fields
        assert exchanger.sent[1].fields["cookie"] == "session=42"

    def test_are_forgotten_by_a_new_user(self) -> None:
        exchanger = FakeExchanger(answered(200, Set_Cookie="session=42; Path=/"))

        async def use(user: User) -> None:
            user.data["token"] = "x"
            await user.get("/login")
            user.renew()
            await user.get("/cart")
            assert user.data == {}

        with_user(use, exchanger)
        assert "cookie" not in exchanger.sent[1].fields
        assert exchanger.closed == 1

    def test_are_not_kept_where_none_are_wanted(self) -> None:
        exchanger, within = FakeExchanger(answered(200, Set_Cookie="a=1; Path=/")), context()
        within.keeps_cookies = False

        async def use(user: User) -> None:
            await user.get("/")
            await user.get("/")

        with_user(use, exchanger, within)
        assert "cookie" not in exchanger.sent[1].fields


class TestRedirect:
    def followed(self, method: str, *answers: Any, **options: Any) -> FakeExchanger:
        exchanger = FakeExchanger(*answers)
        with_user(lambda user: user.request(method, "/a/b?c=1", **options), exchanger)
        return exchanger

    def test_is_an_answer_like_any_other(self) -> None:
        exchanger = self.followed("GET", answered(302, Location="/login"))
        assert (len(exchanger.sent), exchanger.outcomes) == (1, ["ok"])

    def test_is_followed_where_that_is_asked_for(self) -> None:
        exchanger = self.followed("GET", answered(302, Location="d"), follow=5, expect=200)
        assert [sent.line for sent in exchanger.sent] == ["GET /a/b?c=1", "GET /a/d"]
        assert exchanger.outcomes == ["ok", "ok"]

    def test_is_followed_so_often_and_not_more(self) -> None:
        hops = [answered(302, Location="/x") for _ in range(5)]
        exchanger = self.followed("GET", *hops, follow=2, expect=200)
        assert exchanger.outcomes == ["ok", "ok", "status_other"]

    def test_makes_a_get_of_a_post(self) -> None:
        exchanger = self.followed("POST", answered(303, Location="/x"), data="a=1", follow=1)
        assert (exchanger.sent[1].line, exchanger.sent[1].body) == ("GET /x", b"")

    def test_may_keep_method_and_body(self) -> None:
        exchanger = self.followed("POST", answered(307, Location="/x"), data="a=1", follow=1)
        assert (exchanger.sent[1].line, exchanger.sent[1].body) == ("POST /x", b"a=1")

    def test_to_another_server_does_not_take_secrets_along(self) -> None:
        secret = {"Authorization": "Bearer x", "X-Trace": "1"}
        there = answered(302, Location="http://elsewhere/x")
        exchanger = self.followed("GET", there, headers=secret, follow=1)
        assert exchanger.sent[1].endpoint.host == "elsewhere"
        assert "authorization" not in exchanger.sent[1].fields
        assert exchanger.sent[1].fields["x-trace"] == "1"

    def test_on_the_same_server_takes_them_along(self) -> None:
        there = answered(302, Location="/x")
        exchanger = self.followed("GET", there, headers={"Authorization": "y"}, follow=1)
        assert exchanger.sent[1].fields["authorization"] == "y"


class TestGather:
    def test_sends_at_once_and_answers_in_order(self) -> None:
        exchanger = FakeExchanger(answered(200), answered(201))

        async def use(user: User) -> list[int]:
            answers = await user.gather(user.get("/a"), user.get("/b"))
            return [answer.status for answer in answers]

        assert with_user(use, exchanger) == [200, 201]
        assert (exchanger.most_in_flight, len(exchanger.counted)) == (2, 2)

    def test_waits_for_all_before_it_fails(self) -> None:
        exchanger = FakeExchanger()

        async def broken() -> Answer:
            raise ValueError("no")

        async def use(user: User) -> None:
            with pytest.raises(ValueError, match="no"):
                await user.gather(broken(), user.get("/b"))

        with_user(use, exchanger)
        assert exchanger.outcomes == ["ok"]

    def test_is_cut_off_as_a_whole(self) -> None:
        exchanger = FakeExchanger()

        async def use(user: User) -> None:
            both = asyncio.ensure_future(user.gather(user.get("/a"), user.get("/b")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            both.cancel()
            with pytest.raises(asyncio.CancelledError):
                await both

        with_user(use, exchanger)
        assert exchanger.outcomes == ["unfinished", "unfinished"]


class TestGroup:
    def test_stands_before_labels(self) -> None:
        exchanger = FakeExchanger()

        async def use(user: User) -> None:
            async with user.group("buy"):
                await user.get("/", label="cart")
                async with user.group("pay"):
                    await user.get("/", label="card")
            await user.get("/", label="home")

        with_user(use, exchanger)
        assert [sent.label for sent in exchanger.sent] == ["buy / cart", "buy / pay / card", "home"]

    def test_is_of_its_own_task_only(self) -> None:
        exchanger = FakeExchanger()

        async def grouped(user: User) -> Answer:
            async with user.group("buy"):
                return await user.get("/", label="a")

        with_user(lambda user: user.gather(grouped(user), user.get("/", label="b")), exchanger)
        assert [sent.label for sent in exchanger.sent] == ["buy / a", "b"]


class TestPause:
    def test_takes_its_time(self) -> None:
        exchanger = FakeExchanger()

        async def use(user: User) -> None:
            await user.pause(5)
            await user.get("/")
            await user.pause(1, 3)
            await user.get("/")

        with_user(use, exchanger)
        first, second = (sent.at for sent in exchanger.sent)
        assert first == 1_000_005
        assert 1.01 <= second - first <= 3.01


class TestNames:
    def test_are_unique(self) -> None:
        within = context()

        async def use(user: User) -> list[object]:
            other = User(8, within, FakeExchanger())
            return [made for who in (user, other) for made in (who.seq(), who.email(), who.uuid())]

        names = with_user(use, FakeExchanger(), within)
        assert len(set(names)) == 6
        assert names[0] == 0
        assert str(names[1]).endswith("@example.com")

    def test_of_chance_are_the_same_in_the_next_run(self) -> None:
        def drawn(number: int) -> tuple[float, str]:
            user = User(number, context(), FakeExchanger())
            return user.random.random(), user.uuid()

        assert drawn(3) == drawn(3)
        assert drawn(3) != drawn(4)


class TestTypes:
    def test_are_those_that_authors_see(self) -> None:
        user: scenario_api.User = User(1, context(), FakeExchanger())
        answer: scenario_api.Answer = Answer(answered(), "x")
        headers: scenario_api.Headers = answer.headers
        assert (user.number, answer.status, headers.get("x")) == (1, 200, None)
