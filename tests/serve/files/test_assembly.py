"""From settings to a route of files."""

from pathlib import Path

import pytest

from hedgerow.errors import ConfigError
from hedgerow.serve.files.assembly import file_route, file_rules
from hedgerow.serve.files.rules import CacheRule, FileRules
from hedgerow.serve.settings import Files, Route
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import request_head
from tests.fakes.loop import FakeLoop


def around() -> Surroundings:
    return Surroundings(Engine(FakeLoop(FakeClock()), Descriptors(10)), None, lambda request: None)


class TestRules:
    def test_are_those_of_the_settings(self) -> None:
        given = Files(
            dir="x",
            index=("a", "b"),
            listing=True,
            hidden=True,
            fallback="f",
            not_found="n",
            cache={"*": "1m"},
            precompressed=False,
            compress=False,
        )
        assert file_rules(given) == FileRules(
            (b"a", b"b"),
            listing=True,
            shows_hidden=True,
            fallback=b"f",
            not_found=b"n",
            cache=(CacheRule("*", b"public, max-age=60"),),
            precompressed=False,
            compress=False,
        )


class TestRoute:
    @pytest.mark.parametrize(
        ("prefix", "path"),
        [
            ("/", b"/a/b"),
            ("/x/", b"/x/a/b"),
            ("/x/{user}/", b"/x/somebody/a/b"),
            ("/%7Ex/", b"/~x/a/b"),
        ],
    )
    def test_knows_what_follows_its_prefix(self, tmp_path: Path, prefix: str, path: bytes) -> None:
        files = Files(dir=str(tmp_path))
        made = file_route("a", Route(path=prefix, root=files), around(), None)
        assert made.plan(request_head(), {}, path, b"").name.segments == (b"a", b"b")

    def test_wants_a_directory_that_can_be_opened(self, tmp_path: Path) -> None:
        files = Files(dir=str(tmp_path / "gone"))
        with pytest.raises(ConfigError, match="a directory that can be opened"):
            file_route("a", Route(path="/", root=files), around(), None)
