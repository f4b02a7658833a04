"""What every file of ours looks like, whoever wrote it."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.architecture.repository import (
    ROOT,
    SOURCE,
    committed_files,
    parsed,
    python_files,
    shown,
)

LONGEST_FILE: Final = 400
LONGEST_FUNCTION: Final = 50

#: May only fall: when one goes, lower the number; there should be no need to raise it.
TYPE_IGNORES: Final = 0

IGNORE = re.compile(r"#\s*type:\s*ignore")
IGNORE_WITH_CODE_AND_REASON = re.compile(r"# type: ignore\[[a-z, -]+\]\s+# \S.*")

# Written in two halves, so that this file does not mention them.
PATH_OF_A_MACHINE = re.compile(
    r"(?<![\w.])/wo" r"rk/|\.\./sha" r"red|/tmp/pro" r"be|(?<!\w)/ro" r"ot/|/Us" r"ers/"
)
PAPER_FROM_ELSEWHERE = re.compile(
    r"\b(?:des" r"ign|sty" r"le)\.md\b|\bsee" r"ds/0|\bresea" r"rch/\w+\.md"
)
PACKAGE_INDEX = re.compile(r"index-" r"url", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def comments(path: Path, about: re.Pattern[str]) -> Iterator[str]:
    if about.search(path.read_text(encoding="utf-8")) is None:
        return  # a look at the text is 100 times faster than taking it apart
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT and about.search(token.string):
                yield f"{shown(path)}:{token.start[0]}: {token.string}"


def lines_that_mention(words: re.Pattern[str]) -> list[str]:
    return [
        f"{shown(path)}:{number}: {line.strip()[:100]}"
        for path, text in committed_files()
        for number, line in enumerate(text.splitlines(), 1)
        if words.search(line)
    ]


class TestModule:
    def test_says_what_it_is_for(self) -> None:
        silent = [shown(p) for p in python_files(SOURCE) if ast.get_docstring(parsed(p)) is None]
        assert silent == []

    def test_can_be_read_at_one_sitting(self) -> None:
        lines = {shown(p): p.read_text().count("\n") + 1 for p in python_files(SOURCE)}
        assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}

    def test_has_no_long_function(self) -> None:
        long = [
            f"{shown(path)}:{node.lineno} {node.name} ({length(node)} lines)"
            for path in python_files(SOURCE)
            for node in functions(path)
            if length(node) > LONGEST_FUNCTION
        ]
        assert long == []

    def test_leaves_nothing_for_later(self) -> None:
        later = [note for path in python_files(SOURCE) for note in comments(path, UNFINISHED)]
        assert later == []


class TestTypeIgnore:
    def found(self) -> list[str]:
        everywhere = python_files(SOURCE, ROOT / "tests")
        return [note for path in everywhere for note in comments(path, IGNORE)]

    def test_names_its_code_and_its_reason(self) -> None:
        bare = [line for line in self.found() if not IGNORE_WITH_CODE_AND_REASON.search(line)]
        assert bare == []

    def test_is_there_no_more_often_than_it_was(self) -> None:
        assert len(self.found()) <= TYPE_IGNORES, self.found()


class TestCommittedFile:
    def test_mentions_no_path_of_a_machine(self) -> None:
        assert lines_that_mention(PATH_OF_A_MACHINE) == []

    def test_mentions_no_paper_that_a_reader_cannot_find_here(self) -> None:
        assert lines_that_mention(PAPER_FROM_ELSEWHERE) == []

    def test_names_no_package_index(self) -> None:
        assert lines_that_mention(PACKAGE_INDEX) == []
