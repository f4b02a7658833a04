"""Whatever stands at whatever key is read or refused by name; nothing else ever happens."""

import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.serve.settings import Route, Server, Upstream
from hedgerow.serve.settings.fields import Record, fields_of
from hedgerow.serve.settings.flags import FLAGS
from hedgerow.serve.settings.kinds import toml
from hedgerow.serve.settings.reader import settings_for_urls, settings_from_text
from tests.serve.settings.samples import UPSTREAM

VALUES: list[Any] = list(
    tomllib.loads(r"""
    v = ["", "x", "/", "1s", "-1", "off", "auto", "é\u0000", 0, -1, 7, 1e400, nan, 1.5, true, [],
         [[]], [1], ["x"], ["x", 1], {}, {a = 1}, {a = [{}]}, 1979-05-27, 07:32:00,
         99999999999999999999999999, "http://a", ["http://a"], {status = 200}]
    """)["v"]
)


def keys_of(record: type[Record], before: str = "") -> Iterator[str]:
    for field in fields_of(record).values():
        yield before + field.name
        if field.record is not None:
            yield from keys_of(field.record, f"{before}{field.name}.")


def outcome(text: str) -> str:
    return attempt(lambda: settings_from_text(text))


def attempt(make: Callable[[], object]) -> str:
    try:
        make()
    except ConfigError as error:
        return str(error)
    return "fine"


class TestAnyValue:
    @pytest.mark.parametrize("key", list(keys_of(Server)))
    def test_in_server_is_read_or_refused(self, key: str) -> None:
        for value in VALUES:
            said = outcome(f"server.{key} = {toml(value)}\n{UPSTREAM}")
            assert said == "fine" or said.startswith("hedgerow.toml [server")

    @pytest.mark.parametrize("key", list(keys_of(Upstream)))
    def test_in_an_upstream_is_read_or_refused(self, key: str) -> None:
        replicas = "" if key == "replicas" else 'replicas = ["https://a", "https://b"]\n'
        for value in VALUES:
            said = outcome(f"[upstream.api]\n{replicas}{key} = {toml(value)}")
            assert said == "fine" or said.startswith("hedgerow.toml [upstream.api] ")

    @pytest.mark.parametrize("key", list(keys_of(Route)))
    def test_in_a_route_is_read_or_refused(self, key: str) -> None:
        path = "" if key == "path" else 'path = "/"\n'
        for value in VALUES:
            said = outcome(f"{UPSTREAM}[[route]]\n{path}{key} = {toml(value)}")
            assert said == "fine" or said.startswith("hedgerow.toml [route 1] ")

    @pytest.mark.parametrize("name", [*FLAGS, "--host", "--port"])
    def test_of_a_flag_is_used_or_refused(self, name: str) -> None:
        for value in VALUES:
            flags = {name: value}
            said = attempt(partial(settings_for_urls, ["https://a", "https://b"], flags))
            assert said == "fine" or said.startswith(name)
