from typing import Any

import msgspec

from hedgerow.cli.demo_result import SCHEMA_VERSION
from hedgerow.cli.demo_story import Chosen
from tests.cli.demo_results import demo_result, hedge_won


def document() -> dict[str, Any]:
    result = demo_result(stories=(Chosen(hedge_won(7), 0.3),))
    return msgspec.json.decode(msgspec.json.encode(result.as_dict()), type=dict[str, Any])


class TestDocument:
    def test_says_which_schema_it_has(self) -> None:
        assert document()["schema_version"] == SCHEMA_VERSION

    def test_has_what_was_played(self) -> None:
        config = document()["config"]
        assert (config["rate"], config["deadline_s"], config["seed"]) == (100, 1, 1)

    def test_has_both_sides_measured_and_expected(self) -> None:
        direct, hedged = document()["direct"], document()["hedged"]
        assert (direct["requests"], direct["in_time"], direct["late"]) == (1000, 788, 112)
        assert direct["failures"] == {"status 500": 60, "status 429": 40}
        assert hedged["attempts_per_request"] == 2.39
        assert set(hedged["expected"]) == {"success", "attempts"}

    def test_has_latencies_in_microseconds(self) -> None:
        latency = document()["hedged"]["latency_us"]
        assert latency["p50"] == 400_127

    def test_has_the_stories(self) -> None:
        (story,) = document()["stories"]
        assert (story["number"], story["course"], story["share"]) == (7, "hedge_won", 0.3)
        assert [a["won"] for a in story["attempts"]] == [False, True, False]
