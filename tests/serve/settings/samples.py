"""Settings for the tests of this room, from as little TOML as each of them needs."""

from collections.abc import Mapping

import pytest

from hedgerow.errors import ConfigError
from hedgerow.serve.settings import Route, Settings
from hedgerow.serve.settings.reader import NO_FLAGS, settings_for_urls, settings_from_text

UPSTREAM = '[upstream.api]\nreplicas = ["http://10.0.0.1:9000", "http://10.0.0.2:9000"]\n'

#: The smart endpoint: three attempts within a deadline that the path asks for.
SMART = """
[upstream.work]
replicas = ["http://10.0.0.1:9000", "http://10.0.0.2:9000"]
balance  = "round-robin"

[[route]]
path     = "/api/smart/{timeout}"
upstream = "work"
rewrite  = "/api/work"
deadline = {from = "path.timeout", unit = "ms", min = "300ms", max = "60s"}
hedge    = {delay = "300ms", extra = 2}
success  = {status = [200], body = "json"}

[route.replies]
success   = {status = 200, json = {time = "{body.time}", message = "SUCCESS"}}
exhausted = {status = 502, json = {message = "ERROR"}}
"""


def read(text: str = "", flags: Mapping[str, object] = NO_FLAGS) -> Settings:
    """Settings from a text that has an upstream called api already."""
    return settings_from_text(UPSTREAM + text, flags)


def route(text: str, flags: Mapping[str, object] = NO_FLAGS) -> Route:
    """The only route, for the path / unless the text says otherwise."""
    path = "" if text.startswith("path") else 'path = "/"\n'
    return read(f"[[route]]\n{path}{text}", flags).routes[0]


def refusal(text: str, flags: Mapping[str, object] = NO_FLAGS) -> str:
    """What is said about settings that have an upstream called api already."""
    with pytest.raises(ConfigError) as caught:
        read(text, flags)
    return str(caught.value)


def route_refusal(text: str, flags: Mapping[str, object] = NO_FLAGS) -> str:
    """What is said about a route."""
    with pytest.raises(ConfigError) as caught:
        route(text, flags)
    return str(caught.value)


def bare_refusal(text: str) -> str:
    """What is said about a whole file."""
    with pytest.raises(ConfigError) as caught:
        settings_from_text(text)
    return str(caught.value)


def url_refusal(*urls: str, flags: Mapping[str, object] = NO_FLAGS) -> str:
    """What is said about a command line."""
    with pytest.raises(ConfigError) as caught:
        settings_for_urls(urls, flags)
    return str(caught.value)


def has(message: str, *facts: str) -> bool:
    """Say whether a message has all these facts; shows the message where one is missing."""
    missing = [fact for fact in facts if fact not in message]
    assert not missing, f"{missing} not in: {message}"
    return True
