"""What can be told of the aiohttp helper without a socket; the rest is end to end."""

import importlib
import io
import sys
from dataclasses import replace

import aiohttp
import pytest

from hedgerow.client import HedgeRule
from hedgerow.client.aiohttp import HedgedSession, _is_replayable
from hedgerow.errors import ConfigError
from tests.fakes.virtual_loop import run


async def session(rule: HedgeRule) -> HedgedSession:
    async with aiohttp.ClientSession() as client:
        return HedgedSession(client, rule)


class TestRule:
    def test_must_not_commit_later_than_at_the_head(self) -> None:
        with pytest.raises(ConfigError, match=r"rule\.at = 'first-byte': must be 'head'"):
            run(session(replace(HedgeRule.of(0.3), at="first-byte")))


class TestBody:
    @pytest.mark.parametrize(
        "data", [None, "text", b"bytes", bytearray(b"bytes"), {"field": "value", "n": 7}]
    )
    def test_can_be_sent_again_when_it_is_all_at_hand(self, data: object) -> None:
        assert _is_replayable(data)

    @pytest.mark.parametrize(
        "data",
        [io.BytesIO(b"file"), {"upload": io.BytesIO(b"file")}, aiohttp.FormData({"a": "b"}), []],
    )
    def test_cannot_be_sent_again_when_it_is_used_up(self, data: object) -> None:
        assert not _is_replayable(data)


class TestHedgedSession:
    def test_says_what_to_install_where_aiohttp_is_missing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "aiohttp", None)
        monkeypatch.delitem(sys.modules, "hedgerow.client.aiohttp")
        with pytest.raises(ImportError, match=r"pip install 'hedgerow\[aiohttp\]'"):
            importlib.import_module("hedgerow.client.aiohttp")
