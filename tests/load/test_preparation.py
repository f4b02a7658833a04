import asyncio
from pathlib import Path
from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.channel import Assignment
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan, Scenario, Share
from hedgerow.load.preparation import assignment_for


def prepared(work: RequestPlan | Scenario) -> Assignment:
    return asyncio.run(assignment_for(LoadPlan(work=work, model=Closed(users=1))))


def with_lines_of(file: Path, **settings: Any) -> RequestPlan:
    url = f"http://a.example/{{line:{file}}}"
    return RequestPlan(**{"url": url, "label": "x", "is_template": True, **settings})


class TestRequest:
    def test_brings_the_lines_of_its_files(self, tmp_path: Path) -> None:
        file = tmp_path / "users.txt"
        file.write_bytes(b"ann\r\nbob\n")
        found = prepared(with_lines_of(file))
        assert (found.lines, found.share) == ({str(file): [b"ann", b"bob"]}, Share())

    def test_that_is_no_template_brings_none(self, tmp_path: Path) -> None:
        assert prepared(with_lines_of(tmp_path / "none", is_template=False)).lines == {}

    @pytest.mark.parametrize("content", [None, b""])
    def test_whose_file_has_no_lines_is_refused(
        self, tmp_path: Path, content: bytes | None
    ) -> None:
        file = tmp_path / "users.txt"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigError, match=r"users\.txt"):
            prepared(with_lines_of(file))


class TestScenario:
    def test_is_set_up_once_for_all(self) -> None:
        source = "async def setup(): return {'token': 7}\nasync def run(user): pass"
        assert prepared(Scenario(source=source, name="shop.py")).shared == {"token": 7}
