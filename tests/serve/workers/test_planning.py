"""From settings to processes."""

import os
import sys

import pytest

from hedgerow.errors import StartError
from hedgerow.serve.settings import Settings
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.workers.listeners import Wanted
from hedgerow.serve.workers.planning import Plan, processors, with_handed_down


def settings(server: str) -> Settings:
    return settings_from_text(
        f'[server]\n{server}\n[upstream.a]\nreplicas = ["http://127.0.0.1:9"]\n'
    )


def plan(server: str) -> Plan:
    return Plan.of(settings(server))


class TestPlan:
    @pytest.mark.parametrize(
        ("workers", "least", "most"),
        [("4", 4, 4), ('"2..8"', 2, 8), ('"auto"', processors(), processors())],
    )
    def test_knows_how_many(self, workers: str, least: int, most: int) -> None:
        made = plan(f"workers = {workers}")
        assert (made.least, made.most) == (least, most)

    @pytest.mark.parametrize(("now", "then"), [(1, 2), (5, 5), (9, 8)])
    def test_goes_on_with_as_many_as_there_are(self, now: int, then: int) -> None:
        assert plan('workers = "2..8"').nearest(now) == then

    def test_has_room_for_two_generations_of_as_many_as_can_be(self) -> None:
        assert plan("workers = 40\nthreads = 3").entries == 2 * 40 * 3
        assert plan("workers = 2").entries == 2 * 32

    def test_shares_a_port_where_the_system_deals_clients_out(self) -> None:
        assert plan("workers = 2").shares_port is sys.platform.startswith("linux")
        assert not plan('workers = 2\naccept = "shared"').shares_port

    def test_takes_addresses_with_their_modes(self) -> None:
        made = plan('listen = ["127.0.0.1:80", {address = "unix:/run/a.sock", mode = "0660"}]')
        assert made.wanted == (Wanted("127.0.0.1:80"), Wanted("unix:/run/a.sock", 0o660))
        assert made.addresses == {"127.0.0.1:80", "unix:/run/a.sock"}

    def test_is_as_patient_as_the_settings_say(self) -> None:
        rule = plan('drain_timeout = "7s"\nstuck_after = "9s"').rule
        assert (rule.drain_timeout, rule.stuck_after) == (7.0, 9.0)


class TestReload:
    @pytest.mark.parametrize(
        ("before", "after", "fact"),
        [
            ("threads = 2", "threads = 3", "2 until a restart"),
            ('accept = "shared"', 'accept = "reuseport"', "shared until a restart"),
            ("workers = 4", "workers = 33", "at most 32"),
        ],
    )
    def test_refuses_what_only_a_restart_can_change(
        self, before: str, after: str, fact: str
    ) -> None:
        with pytest.raises(StartError, match=fact):
            plan(after).check_against(plan(before))

    def test_takes_everything_else(self) -> None:
        plan('workers = "8..32"\ndrain_timeout = "1s"').check_against(plan("workers = 2"))


class TestSockets:
    def test_that_systemd_has_opened_stand_in_the_place_of_its_name(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", "2")
        placed = with_handed_down(settings('listen = ["systemd", "127.0.0.1:80"]'))
        addresses = [listen.address for listen in placed.server.listen]
        assert addresses == ["fd:3", "fd:4", "127.0.0.1:80"]

    def test_that_nobody_has_opened_are_missed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LISTEN_FDS", raising=False)
        with pytest.raises(StartError, match="LISTEN_FDS"):
            with_handed_down(settings('listen = "systemd"'))

    def test_are_left_alone_where_addresses_are_set(self) -> None:
        made = settings('listen = "127.0.0.1:80"')
        assert with_handed_down(made) is made
