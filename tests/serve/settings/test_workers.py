"""How many workers there are, where they listen, and the flags of small servers."""

import tomllib
from pathlib import Path

import pytest

from hedgerow.errors import ConfigError
from hedgerow.serve.settings import Settings
from hedgerow.serve.settings.addresses import LISTEN_ADDRESS, is_handed_down, same_address
from hedgerow.serve.settings.kinds import Kind, Refused
from hedgerow.serve.settings.reader import (
    settings_for_root,
    settings_for_urls,
    settings_from_text,
)
from hedgerow.serve.settings.show import show
from hedgerow.serve.settings.workers import MODE, WORKERS, WorkerCount

UPSTREAM = '[upstream.a]\nreplicas = ["http://127.0.0.1:9"]\n'


def read(server: str) -> Settings:
    return settings_from_text(f"[server]\n{server}\n{UPSTREAM}")


def refused(kind: Kind, value: object) -> str:
    with pytest.raises(Refused) as caught:
        kind.read(value)
    return f"{caught.value.must}. {caught.value.fix}"


class TestWorkers:
    @pytest.mark.parametrize(
        ("value", "count"),
        [
            (4, WorkerCount(4, 4)),
            ("auto", WorkerCount(0, 0)),
            ("2..8", WorkerCount(2, 8, True)),
            ("1..1", WorkerCount(1, 1, True)),
        ],
    )
    def test_take(self, value: object, count: WorkerCount) -> None:
        assert WORKERS.read(value) == count
        written = tomllib.loads(f"it = {WORKERS.write(count)}")["it"]
        assert WORKERS.read(written) == count

    @pytest.mark.parametrize("value", [0, -1, 1025, "8..2", "0..2", "2..", "2...8", "", 2.5, True])
    def test_refuse(self, value: object) -> None:
        assert '"2..8"' in refused(WORKERS, value)

    def test_refuse_a_number_in_quotes_with_the_fix(self) -> None:
        assert "Write 4, without quotes" in refused(WORKERS, "4")

    @pytest.mark.parametrize(
        ("word", "value"), [("4", 4), ("auto", "auto"), ("2..8", "2..8"), ("4x", "4x")]
    )
    def test_are_words_on_a_command_line(self, word: str, value: object) -> None:
        assert WORKERS.from_word(word) == value

    @pytest.mark.parametrize(
        ("value", "needed"), [(1, False), (2, True), ("auto", True), ("1..1", True)]
    )
    def test_need_somebody_who_looks_after_them(self, value: object, needed: bool) -> None:
        assert WORKERS.read(value).needs_supervisor is needed

    def test_are_one_where_nothing_is_said(self) -> None:
        assert read("").server.workers == WorkerCount(1, 1)

    @pytest.mark.parametrize("flag", ["--workers", "--threads", "--accept"])
    def test_come_from_flags_too(self, flag: str) -> None:
        word = {"--workers": "2..8", "--threads": "3", "--accept": "shared"}[flag]
        server = settings_for_urls(["http://127.0.0.1:9"], {flag: word}).server
        assert getattr(server, flag[2:]) in (WorkerCount(2, 8, True), 3, "shared")

    def test_are_shown_as_they_were_written(self) -> None:
        shown = show(read('workers = "2..8"\naccept = "shared"'))
        assert 'workers = "2..8"' in " ".join(shown.split())


class TestMode:
    @pytest.mark.parametrize(("text", "mode"), [("0660", 0o660), ("660", 0o660), ("0007", 0o007)])
    def test_is_octal(self, text: str, mode: int) -> None:
        assert MODE.read(text) == mode

    def test_is_written_so_that_it_reads_back(self) -> None:
        assert MODE.read(tomllib.loads(f"it = {MODE.write(0o600)}")["it"]) == 0o600

    @pytest.mark.parametrize("value", [660, "rw", "0680", "00660", ""])
    def test_is_nothing_else(self, value: object) -> None:
        assert '"0660"' in refused(MODE, value)

    def test_belongs_to_a_unix_socket(self) -> None:
        with pytest.raises(ConfigError, match="unix socket only"):
            read('listen = {address = "127.0.0.1:80", mode = "0660"}')
        listen = read('listen = {address = "unix:/run/a.sock", mode = "0660"}').server.listen
        assert listen[0].mode == 0o660


class TestAddress:
    @pytest.mark.parametrize(
        ("value", "address"), [("systemd", "systemd"), ("fd:3", "fd:3"), ("fd:03", "fd:3")]
    )
    def test_may_be_handed_down(self, value: str, address: str) -> None:
        assert LISTEN_ADDRESS.read(value) == address
        assert is_handed_down(address)

    def test_may_be_any_other(self) -> None:
        assert LISTEN_ADDRESS.read("127.0.0.1:80") == "127.0.0.1:80"
        assert not is_handed_down("127.0.0.1:80")

    def test_that_is_none_is_told_what_there_is(self) -> None:
        assert "fd:3, or systemd" in refused(LISTEN_ADDRESS, "system")

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("systemd", "systemd", True),
            ("systemd", ":80", False),
            ("fd:3", "fd:4", False),
            ("fd:3", ":3", False),
        ],
    )
    def test_is_the_same_only_as_itself(self, one: str, other: str, same: bool) -> None:
        assert same_address(one, other) is same

    def test_twice_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="twice"):
            read('listen = ["systemd", "systemd"]')


class TestTimeLimit:
    """Of ``-t``: whom it is for depends on who is waited for."""

    def test_is_of_clients_where_there_is_no_upstream(self, tmp_path: Path) -> None:
        limits = settings_for_root(str(tmp_path), {"--deadline": "7s"}).server.limits
        patience = (
            limits.head_timeout,
            limits.body_timeout,
            limits.write_timeout,
            limits.idle_timeout,
        )
        assert patience == (7.0, 7.0, 7.0, 7.0)

    def test_may_there_be_a_number_of_seconds(self, tmp_path: Path) -> None:
        limits = settings_for_root(str(tmp_path), {"--deadline": "30"}).server.limits
        assert limits.head_timeout == 30.0

    def test_that_is_none_is_named_by_its_flag(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="--deadline = 'soon'"):
            settings_for_root(str(tmp_path), {"--deadline": "soon"})

    def test_is_the_deadline_where_there_is_an_upstream(self) -> None:
        settings = settings_for_urls(["http://127.0.0.1:9"], {"--deadline": "7s"})
        assert settings.routes[0].deadline.default == 7.0
        assert settings.server.limits.head_timeout == 10.0
