"""What the documents say must be so: commands that are understood, links that lead somewhere.

Every ``hedgerow ...`` line in a fenced block, or at the head of an example, is given to the
command line itself, which stops just before it would begin to run.
"""

import json
import re
import shlex
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Final, NamedTuple

import pytest

from hedgerow.cli import flaky as flaky_verb
from hedgerow.cli import main, process, simulate_run
from hedgerow.cli import serve as serve_verb
from hedgerow.cli import simulate as simulate_verb
from hedgerow.report.document import Document, write_document
from tests.architecture.repository import ROOT, parsed, python_files, shown

DOCUMENTS: Final = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("examples/**/*.md")),
    *sorted(ROOT.glob("benchmarks/*.md")),
]
VERBS: Final = ("serve", "flaky", "load", "find", "report", "scenario", "tune",
                "simulate")  # fmt: skip

FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SHELL_VALUE = re.compile(r"\$\w+")
VARIED = re.compile(r"\{\w+\}")
OPERATORS: Final = "();<>|&"
A_FILE: Final = re.compile(r"[\w./-]+\.(?:py|json|html|har|toml|log)")
RECORDED: Final = {"request": {"method": "GET", "url": "http://127.0.0.1/", "headers": []}}


class Command(NamedTuple):
    """One command line of ours, as it stands somewhere."""

    where: str
    words: list[str]


def commands_in(text: str, where: str) -> Iterator[Command]:
    """Yield ours among shell lines; what they start after ``--`` may be ours too."""
    for line in text.replace("\\\n", " ").splitlines():
        yield from ours_among(words_of(line), where)


def words_of(line: str) -> list[str]:
    """Take a line apart as a shell does; a variable is 2, which is a number and a text."""
    lexer = shlex.shlex(SHELL_VALUE.sub("2", line), posix=True, punctuation_chars=OPERATORS)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return []  # no shell


def ours_among(words: Sequence[str], where: str) -> Iterator[Command]:
    for place, word in enumerate(words[:-1]):
        before = words[place - 1] if place else ""
        begins = not before or before in ("do", "--") or set(before) <= set(OPERATORS)
        if word == "hedgerow" and words[place + 1] in VERBS and begins:
            found = list(up_to_operator(words[place + 1 :]))
            is_inner = before == "--"  # in which find --vary fills in values
            yield Command(where, [VARIED.sub("2", one) for one in found] if is_inner else found)


def up_to_operator(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        if set(word) <= set(OPERATORS):
            return
        yield word


def all_commands() -> Iterator[Command]:
    for path in DOCUMENTS:
        for language, block in FENCED.findall(path.read_text(encoding="utf-8")):
            if language in ("", "sh", "shell", "bash", "console"):
                yield from commands_in(block, shown(path))
    for path in python_files(ROOT / "examples"):
        head = parsed(path).body[0]
        text = path.read_text(encoding="utf-8").splitlines()[: head.end_lineno]
        yield from commands_in("\n".join(text), shown(path))
    for path in sorted(ROOT.glob("examples/**/*.toml")):
        comments = path.read_text(encoding="utf-8").replace("\n#", "\n")
        yield from commands_in(comments, shown(path))


COMMANDS: Final = list(all_commands())
#: The page's own example of a simulation.
SIMULATION: Final = next(
    block[2]
    for block in FENCED.finditer((ROOT / "docs/simulate.md").read_text(encoding="utf-8"))
    if block[1] == "toml"
)


def leave_out_the_run(running: Coroutine[object, object, int]) -> int:
    running.close()
    return main.FINE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples in it, in which nothing runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("examples", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "public").mkdir()
    for module in (process, serve_verb, flaky_verb):
        monkeypatch.setattr(module, "run", leave_out_the_run)
    monkeypatch.setattr(serve_verb, "_supervise", lambda *_: main.FINE)
    monkeypatch.setattr(flaky_verb, "Listening", str)  # a port may be in use
    nothing = SimpleNamespace(interrupted=False)
    monkeypatch.setattr(simulate_run, "play", lambda _: nothing)
    monkeypatch.setattr(simulate_verb, "report", lambda _: [])
    monkeypatch.setattr(simulate_verb, "write_result", lambda *_: None)
    return tmp_path


def provide(folder: Path, words: Sequence[str]) -> None:
    """Write the files that a command takes for granted."""
    for word in words:
        path = folder / word
        if A_FILE.fullmatch(word) is None or path.exists():
            continue
        match path.suffix:
            case ".py":
                path.write_text("async def run(user): ...\n")
            case ".har":
                path.write_text(json.dumps({"log": {"entries": [RECORDED]}}))
            case ".toml" if words[0] == "simulate":
                path.write_text(SIMULATION)
            case ".toml":
                path.write_text((ROOT / "examples/smart/hedgerow.toml").read_text())
            case ".log":
                path.write_text("\n".join(f"{n}ms" for n in range(1, 2001)))
            case _ if words[0] == "report":
                write_document(Document(), path)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: f"{one.where}:{' '.join(one.words)}")
class TestCommand:
    def test_is_understood(
        self, command: Command, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = [word.replace("*", "1") if word.endswith(".json") else word
                 for word in command.words]  # fmt: skip
        provide(folder, words)
        code = main.run(words)
        assert code == main.FINE, capsys.readouterr().err


class TestReadingOfCommands:
    def test_finds_all_of_them(self) -> None:
        places = {command.where for command in COMMANDS}
        expected = {"README.md", "docs/load.md", "docs/recipes.md", "docs/scenarios.md"}
        assert expected <= places
        assert "examples/load/shop.py" in places

    def test_sees_what_is_wrong(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (command,) = commands_in("hedgerow load :80 --slow 'p99<1s'  # no such flag", "here")
        assert main.run(command.words) == main.USAGE
        assert "--slow" in capsys.readouterr().err

    def test_looks_into_loops_and_at_servers(self) -> None:
        line = (
            "do hedgerow load :80 -n $n > x -- y; hedgerow load :80 -- hedgerow flaky -p 80; done"
        )
        found = [command.words for command in commands_in(line, "here")]
        assert found == [
            ["load", ":80", "-n", "2"],
            ["load", ":80", "--", "hedgerow", "flaky", "-p", "80"],
            ["flaky", "-p", "80"],
        ]


def anchors_of(path: Path) -> set[str]:
    """The anchors of a document's headings, as they are made where it is read."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    named = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {name.strip().replace(" ", "-") for name in named}


def leads_somewhere(path: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True  # elsewhere: nobody is asked
    name, _, anchor = link.partition("#")
    target = path.parent / name if name else path
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors_of(target)


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
class TestLink:
    def test_leads_somewhere(self, path: Path) -> None:
        links = LINK.findall(CODE.sub("", path.read_text(encoding="utf-8")))
        assert [link for link in links if not leads_somewhere(path, link)] == []
