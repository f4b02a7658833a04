from typing import Any

import msgspec
import pytest

from hedgerow.cli.load_server import address_of
from hedgerow.errors import ConfigError
from hedgerow.load.plan import Closed, Connecting, LoadPlan, RequestPlan, Scenario


class TestAddress:
    def plan(self, url: str = "http://a.example/x", **connecting: Any) -> LoadPlan:
        work = RequestPlan(url=url, label="x")
        return LoadPlan(work=work, model=Closed(users=1), connecting=Connecting(**connecting))

    def test_of_a_server_is_the_urls(self) -> None:
        assert address_of(self.plan("http://a.example:81/x")) == ("a.example", 81)
        assert address_of(self.plan("https://[::1]/x")) == ("::1", 443)

    def test_of_a_server_is_where_connections_really_go(self) -> None:
        redirected = self.plan(connect_to=(("b:80", "c:1"), ("a.example:80", "[::1]:82")))
        assert address_of(redirected) == ("::1", 82)
        assert address_of(self.plan(connect_to=(("", "d:83"),))) == ("d", 83)
        assert address_of(self.plan(unix="/run/x.sock")) == "/run/x.sock"

    def test_of_a_scenarios_server_must_be_told(self) -> None:
        scenario = LoadPlan(work=Scenario(source="", name="x.py"), model=Closed(users=1))
        with pytest.raises(ConfigError, match="--base-url"):
            address_of(scenario)
        told = msgspec.structs.replace(scenario, base_url="http://a.example")
        assert address_of(told) == ("a.example", 80)
