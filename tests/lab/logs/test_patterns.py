"""Formats of nginx and Envoy as expressions."""

import time

import pytest

from hedgerow.lab.logs.patterns import COMBINED, ENVOY, is_envoy, pattern_of


def fields(form: str, line: str) -> dict[str, str]:
    found = pattern_of(form).expression.fullmatch(line)
    assert found is not None
    return found.groupdict()


class TestNginxFormat:
    def test_gives_its_variables_their_roles(self) -> None:
        form = '$remote_addr [$time_local] "$request" ${status} $request_time'
        line = '::1 [27/Nov/2026:03:00:00 +0000] "GET /a b HTTP/1.1" 200 0.120'
        assert fields(form, line) == {
            "request": "GET /a b HTTP/1.1", "status": "200", "total": "0.120",
        }  # fmt: skip

    def test_takes_lists_where_several_servers_were_asked(self) -> None:
        form = "$status $upstream_addr $upstream_response_time $request_time"
        line = "200 10.0.0.1:80, 10.0.0.2:80 0.001, 0.120 : 0.010 0.131"
        found = fields(form, line)
        assert (found["upstream"], found["total"]) == ("0.001, 0.120 : 0.010", "0.131")

    def test_takes_what_is_special_in_expressions_as_it_is(self) -> None:
        assert fields("[$status] ($request_time) a.b*", "[200] (0.1) a.b*")["total"] == "0.1"

    def test_counts_seconds(self) -> None:
        assert pattern_of(COMBINED).second == 1.0


class TestEnvoyFormat:
    def test_gives_its_operators_their_roles(self) -> None:
        line = '[2026-11-27T03:00:00.000Z] "GET /a HTTP/2" 200 - 0 5 120 118 "-" "curl"'
        found = pattern_of(ENVOY).expression.match(line)
        assert found is not None
        assert found.groupdict() == {
            "method": "GET", "path": "/a", "status": "200", "total": "120", "upstream": "118",
        }  # fmt: skip

    def test_counts_milliseconds(self) -> None:
        assert pattern_of(ENVOY).second == 1e-3

    def test_may_cut_its_values(self) -> None:
        assert fields("%REQ(:PATH):64% %DURATION%", "/a 12") == {"path": "/a", "total": "12"}


def test_the_two_languages_are_told_apart() -> None:
    assert is_envoy(ENVOY)
    assert not is_envoy(COMBINED)


@pytest.mark.parametrize(
    "line",
    ['"' * 50_000, "a " * 25_000, "a, " * 20_000, "a : " * 15_000, '- - [x] "' + "b" * 50_000],
)
def test_a_hostile_line_costs_one_pass(line: str) -> None:
    begun = time.process_time()
    for form in (COMBINED, ENVOY, "$upstream_addr $upstream_addr $upstream_addr $status"):
        pattern_of(form).expression.fullmatch(line)
    assert time.process_time() - begun < 10.0
