"""The rooms' walls: which of them may import which (the contracts are in pyproject.toml)."""

import ast
import importlib
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.architecture.repository import ROOT, SOURCE, parsed, shown

ROOMS = sorted(SOURCE.glob("**/__init__.py"))


def imported_names(tree: ast.Module) -> set[str]:
    """What a module takes from other modules of ours."""
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hedgerow")
        for alias in node.names
    }


class TestImportContracts:
    def test_are_kept(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "path", [*sys.path])  # the linter puts the folder first
        verdict = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
        assert verdict == 0, capsys.readouterr().out


@pytest.mark.parametrize("room", ROOMS, ids=shown)
class TestPublicNames:
    def test_exist(self, room: Path) -> None:
        name = ".".join(room.parent.relative_to(SOURCE.parent).parts)
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", [])
        assert [name for name in listed if not hasattr(module, name)] == []
        assert len(listed) == len(set(listed))

    def test_are_those_that_the_room_takes_from_its_files(self, room: Path) -> None:
        tree = parsed(room)
        listed = [
            set(ast.literal_eval(node.value))
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        ]
        assert imported_names(tree) <= set().union(*listed)
