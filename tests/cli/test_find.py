"""Command lines of ``hedgerow find`` that cannot be carried out; nothing is sent."""

import pytest

from hedgerow.cli import main as cli

URL = "http://a.example/"


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.run(["find", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


class TestTarget:
    def test_must_be_given(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "given a URL" in refused(capsys, "--slo", "p99<1s")

    def test_must_be_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "given one URL" in refused(capsys, URL, URL, "--slo", "p99<1s")

    def test_must_be_a_url(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "ftp://a.example" in refused(capsys, "ftp://a.example", "--slo", "p99<1s")


class TestPromise:
    def test_must_be_given(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "--slo 'p99<250ms'" in refused(capsys, URL)

    def test_must_be_known(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "Did you mean p99?" in refused(capsys, URL, "--slo", "pp99<1s")


class TestServer:
    def test_must_follow_two_dashes(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "server's command line" in refused(capsys, URL, "--slo", "p99<1s", "--")

    def test_must_have_what_is_varied(self, capsys: pytest.CaptureFixture[str]) -> None:
        words = (URL, "--slo", "p99<1s", "--vary", "n=1,2", "--", "app", "--workers", "4")
        assert "{n}" in refused(capsys, *words)


class TestResult:
    @pytest.mark.parametrize("flag", ["--json", "--html"])
    def test_must_have_a_place(self, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
        words = (URL, "--slo", "p99<1s", flag, "/no/such/folder/find")
        told = refused(capsys, *words)
        assert (flag in told, "/no/such/folder" in told) == (True, True)


class TestHelp:
    def test_has_an_example_and_the_exit_codes(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.run(["find", "--help"]) == 0
        text = capsys.readouterr().out
        assert "hedgerow find http" in text
        assert "99   broken even at --min, or unstable" in text
