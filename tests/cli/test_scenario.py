"""A curl command or a recording as a scenario: words in, a Python file out."""

import ast
import io
import json
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli import main as cli

HAR = json.dumps(
    {
        "log": {
            "entries": [
                {"request": {"method": "GET", "url": f"https://{host}/{path}", "headers": []}}
                for host, path in [("shop.example", "a"), ("shop.example", "b.png"), ("ads.x", "c")]
            ]
        }
    }
)


class Told:
    """What a verb did: its exit code, and what it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        self.code = cli.run(["scenario", *words])
        self.out, self.err = capsys.readouterr()

    def options(self) -> Any:
        return ast.literal_eval(self.out.partition("options = ")[2].partition("}\n")[0] + "}")

    def calls(self) -> list[str]:
        ast.parse(self.out)
        return [line.strip() for line in self.out.splitlines() if "await" in line]


@pytest.fixture
def har(tmp_path: Path) -> str:
    file = tmp_path / "shop.har"
    file.write_text(HAR)
    return str(file)


def on_stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


class TestCurl:
    CALL = 'await user.get("/a", headers={"X": "1"})'

    def test_is_taken_as_words_with_flags_that_are_ours_too(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = (
            "curl",
            "https://h/a",
            "-H",
            "X: 1",
            "-o",
            "/dev/null",
            "-s",
            "--no-progress-meter",
        )
        told = Told(capsys, *words)
        assert (told.code, told.err) == (0, "")
        assert told.calls() == [self.CALL]
        assert told.options() == {"base_url": "https://h"}

    def test_is_taken_as_one_word(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert Told(capsys, "curl 'https://h/a' \\\n -H 'X: 1'").calls() == [self.CALL]

    def test_is_taken_from_standard_input(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        on_stdin(monkeypatch, "curl https://h/a -H $'X: 1'\n")
        assert Told(capsys, "-").calls() == [self.CALL]

    def test_comes_after_flags_of_ours(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        told = Told(capsys, "-o", str(tmp_path / "a.py"), "curl", "https://h/a", "-o", "x")
        assert (told.code, told.out) == (0, "")
        assert 'user.get("/a")' in (tmp_path / "a.py").read_text()

    def test_has_its_bodies_from_files(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        (tmp_path / "body").write_text('{"a": 1}')
        told = Told(capsys, "curl", "https://h/a", "--json", f"@{tmp_path}/body")
        assert 'json={"a": 1}' in told.out

    def test_says_in_options_what_a_scenario_has_words_for(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = Told(capsys, "curl", "https://h/", "-k", "-m", "2.5", "-H", "Connection: close")
        assert told.options() == {
            "base_url": "https://h", "timeout": "2.5s", "insecure": True, "no_keepalive": True,
        }  # fmt: skip

    def test_says_as_flags_what_it_has_no_words_for(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        flags = ["--connect-to", "[::1]:443::8443", "--unix-socket", "/a b", "--cacert", "c",
                 "--connect-timeout", "1"]  # fmt: skip
        title = Told(capsys, "curl", "https://[::1]/", *flags).out.splitlines()[0]
        assert "--connect-to '[::1]:443=[::1]:8443' --unix '/a b' --ca-file c" in title
        assert "--connect-timeout 1s -u 10" in title

    def test_that_comes_out_otherwise_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = Told(capsys, "curl", "--http2", "https://h/")
        assert told.err == "hedgerow: --http2: HTTP/1.1 is spoken instead\n"


class TestRecording:
    def test_is_read_from_a_file(self, capsys: pytest.CaptureFixture[str], har: str) -> None:
        told = Told(capsys, har)
        assert told.calls() == ['await user.get("/a")', 'await user.get("/b.png")']
        assert "shop.har" in told.out.splitlines()[0]

    def test_is_read_from_standard_input(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        on_stdin(monkeypatch, HAR)
        assert len(Told(capsys, "-").calls()) == 2

    def test_says_which_hosts_were_left_out(
        self, capsys: pytest.CaptureFixture[str], har: str
    ) -> None:
        told = Told(capsys, har)
        assert told.err.startswith("hedgerow: left out: 1 to ads.x (--host ads.x keeps it")

    def test_keeps_the_hosts_that_are_named(
        self, capsys: pytest.CaptureFixture[str], har: str
    ) -> None:
        told = Told(capsys, har, "--host", "ads.x", "--host", "shop.example")
        assert len(told.calls()) == 3
        assert told.err == ""

    def test_leaves_static_files_out(self, capsys: pytest.CaptureFixture[str], har: str) -> None:
        assert Told(capsys, har, "--no-static").calls() == ['await user.get("/a")']

    def test_is_written_to_a_file(
        self, capsys: pytest.CaptureFixture[str], har: str, tmp_path: Path
    ) -> None:
        told = Told(capsys, har, "-o", str(tmp_path / "shop.py"))
        assert told.out == ""
        assert f"wrote {tmp_path}/shop.py" in told.err
        text = (tmp_path / "shop.py").read_text()
        assert f"hedgerow load {tmp_path}/shop.py -u 10" in text
        ast.parse(text)


class TestRefused:
    @pytest.mark.parametrize(
        ("words", "named"),
        [
            ([], "FILE"),
            (["no-such-file.har"], "no-such-file.har"),
            (["a.har", "b.har"], "b.har"),
            (["a.har", "--no-statc"], "--no-static"),
            (["--hots", "x", "a.har"], "--host"),
            (["curl", "-Z", "http://h/"], "-Z"),
            (["curl", "-d", "@no-such-file", "http://h/"], "no-such-file"),
            (["curl 'http://h/"], "whole command"),
        ],
    )
    def test_is_what_cannot_be_read(
        self, capsys: pytest.CaptureFixture[str], words: list[str], named: str
    ) -> None:
        told = Told(capsys, *words)
        assert (told.code, told.out) == (2, "")
        assert named in told.err

    def test_is_a_place_that_cannot_be_written(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        told = Told(capsys, "-o", str(tmp_path / "no" / "a.py"), "curl", "http://h/")
        assert told.code == 1
        assert "a.py" in told.err
