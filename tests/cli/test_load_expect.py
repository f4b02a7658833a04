from pathlib import Path

import pytest

from hedgerow.cli.load_expect import connecting_of, expectation_of
from hedgerow.cli.load_flags import ConnectionFlags, JudgingFlags
from hedgerow.errors import ConfigError
from hedgerow.load.scenario.options import ScenarioDefaults

NO_OPTIONS = ScenarioDefaults()


class TestExpectation:
    def test_of_a_status_takes_numbers_classes_and_ranges(self) -> None:
        flags = JudgingFlags(expect_status="200, 3XX,404-410")
        assert expectation_of(flags).status == ("200", "3xx", "404-410")

    @pytest.mark.parametrize("text", ["", "20", "600", "2x", "200-", "200;201"])
    def test_of_a_status_refuses_others(self, text: str) -> None:
        with pytest.raises(ConfigError, match="--expect-status"):
            expectation_of(JudgingFlags(expect_status=text))

    def test_of_a_body_is_a_regular_expression(self) -> None:
        assert expectation_of(JudgingFlags(expect_body="a+")).body == "a+"
        with pytest.raises(ConfigError, match="--expect-body"):
            expectation_of(JudgingFlags(expect_body="(a"))

    def test_of_json_is_a_path_and_maybe_a_value(self) -> None:
        texts = ("a.b", "a.c == 5")
        assert expectation_of(JudgingFlags(expect_json=texts)).json == texts

    @pytest.mark.parametrize("text", ["", "== 5", "a =="])
    def test_of_json_refuses_half_an_expression(self, text: str) -> None:
        with pytest.raises(ConfigError, match="--expect-json"):
            expectation_of(JudgingFlags(expect_json=(text,)))


class TestConnectTo:
    @pytest.mark.parametrize(
        ("text", "pair"),
        [
            ("a:80=b:81", ("a:80", "b:81")),
            ("=b:81", ("", "b:81")),
            ("a:80:b:81", ("a:80", "b:81")),
            ("::b:81", ("", "b:81")),
            ("a:80::81", ("a:80", "a:81")),
            ("a:80:b:", ("a:80", "b:80")),
            ("[::1]:80=[::2]:81", ("::1:80", "[::2]:81")),
            ("[::1]:80:[::2]:81", ("::1:80", "[::2]:81")),
        ],
    )
    def test_reads_both_forms(self, text: str, pair: tuple[str, str]) -> None:
        flags = ConnectionFlags(connect_to=(text,))
        assert connecting_of(flags, NO_OPTIONS).connect_to == (pair,)

    @pytest.mark.parametrize(
        "text", ["", "a", "a:80", "a:80=b", "a:=b:1", ":80:b:81", "::b:", ":::"]
    )
    def test_refuses_half_of_one(self, text: str) -> None:
        with pytest.raises(ConfigError, match="--connect-to"):
            connecting_of(ConnectionFlags(connect_to=(text,)), NO_OPTIONS)


class TestConnecting:
    def test_verifies_and_keeps_alive(self) -> None:
        connecting = connecting_of(ConnectionFlags(), NO_OPTIONS)
        assert connecting.verify
        assert connecting.keep_alive

    def test_does_neither_where_flags_say_so(self) -> None:
        connecting = connecting_of(ConnectionFlags(insecure=True, no_keepalive=True), NO_OPTIONS)
        assert not connecting.verify
        assert not connecting.keep_alive

    def test_does_neither_where_a_scenario_says_so(self) -> None:
        options = ScenarioDefaults(insecure=True, no_keepalive=True)
        connecting = connecting_of(ConnectionFlags(), options)
        assert not connecting.verify
        assert not connecting.keep_alive

    def test_verifies_by_a_file_whatever_a_scenario_says(self, tmp_path: Path) -> None:
        path = tmp_path / "ca.pem"
        path.touch()
        connecting = connecting_of(
            ConnectionFlags(ca_file=str(path)), ScenarioDefaults(insecure=True)
        )
        assert connecting.verify
        assert connecting.ca_file == str(path)

    def test_needs_a_file_that_is_there(self) -> None:
        with pytest.raises(ConfigError, match="nowhere"):
            connecting_of(ConnectionFlags(ca_file="nowhere.pem"), NO_OPTIONS)
