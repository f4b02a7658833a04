import dataclasses
from typing import Any

import msgspec
import pytest

from hedgerow.serve.settings import Limits
from hedgerow.serve.settings.fields import Record
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.settings.show import show
from hedgerow.wire.limits import Limits as WireLimits
from tests.serve.settings.samples import has, read, refusal


def declared(record: type[Record]) -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(record)}


def of_wire(limits: Any) -> dict[str, Any]:
    return {field.name: field.default for field in dataclasses.fields(limits)}


class TestLimits:
    def test_have_the_names_and_defaults_that_are_enforced(self) -> None:
        assert declared(Limits) == of_wire(WireLimits)

    def test_have_the_types_that_are_enforced(self) -> None:
        types = {name: type(value) for name, value in declared(Limits).items()}
        assert types == {name: type(value) for name, value in of_wire(WireLimits).items()}


class TestAdmin:
    def test_is_off_by_default(self) -> None:
        assert read().server.admin is None
        assert read('[server]\nadmin = "off"').server.admin is None

    @pytest.mark.parametrize("address", ["127.0.0.1:8081", "[::1]:0", ":8081", "unix:/run/a.sock"])
    def test_is_one_address(self, address: str) -> None:
        server = read(f'[server]\nadmin = "{address}"').server
        assert (server.admin, server.traces) == (address, 100)

    @pytest.mark.parametrize(
        ("value", "fact"),
        [
            ("8081", '"127.0.0.1:8081" for this machine only'),
            ('["127.0.0.1:8081"]', "text in quotes"),
            ('"127.0.0.1"', "host:port"),
        ],
    )
    def test_is_nothing_else(self, value: str, fact: str) -> None:
        assert has(refusal(f"[server]\nadmin = {value}"), "[server] admin = ", fact)

    @pytest.mark.parametrize(
        ("admin", "listen"),
        [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("127.0.0.1:8080", ":8080"),
            ("unix:/x", "unix:/x"),
        ],
    )
    def test_is_not_where_clients_come_in(self, admin: str, listen: str) -> None:
        message = refusal(f'[server]\nadmin = "{admin}"\nlisten = "{listen}"')
        assert has(
            message, f"[server] admin = '{admin}'", f"listen has, {listen}", "127.0.0.1:8081"
        )

    def test_is_not_where_clients_come_in_by_default(self) -> None:
        assert has(refusal("", {"--admin": ":8080"}), "--admin = ':8080'", "127.0.0.1:8080")

    def test_keeps_traces_only_where_it_is(self) -> None:
        message = refusal("[server]\ntraces = 5")
        assert has(message, "[server] traces = 5", "together with admin", "127.0.0.1:8081")

    def test_may_keep_none(self) -> None:
        assert read('[server]\nadmin = ":1"\ntraces = 0').server.traces == 0


class TestProcessThatLags:
    def test_sheds_by_default(self) -> None:
        assert read().server.shed

    def test_may_go_on(self) -> None:
        assert not read("[server]\nshed = false").server.shed


class TestTrustedProxies:
    def test_are_none_by_default(self) -> None:
        assert read().server.trusted == ()
        assert read("[server]\ntrusted = []").server.trusted == ()

    def test_are_networks_addresses_and_unix(self) -> None:
        text = '[server]\ntrusted = ["10.0.0.0/8", "192.0.2.1", "2001:DB8::/32", "unix"]'
        assert read(text).server.trusted == ("10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "unix")

    @pytest.mark.parametrize(
        ("value", "fact"),
        [
            ('["10.0.0.1/8"]', 'Write "10.0.0.0/8"'),
            ('["lb.example"]', "a network such as 10.0.0.0/8"),
            ('"10.0.0.0/8"', "in brackets"),
            ('["10.0.0.0/8", "10.0.0.0/8"]', "twice"),
            ("[10]", "text in quotes"),
        ],
    )
    def test_are_nothing_else(self, value: str, fact: str) -> None:
        assert has(refusal(f"[server]\ntrusted = {value}"), "[server] trusted = ", fact)

    def test_are_what_a_trusted_field_needs(self) -> None:
        message = refusal('[server]\ntrusted_field = "Forwarded"')
        assert has(message, "trusted_field = 'Forwarded'", "together with trusted")

    def test_read_back_as_they_were(self) -> None:
        before = read('[server]\ntrusted = ["10.0.0.0/8"]\ntrusted_field = "Forwarded"')
        assert settings_from_text(show(before)).server == before.server
