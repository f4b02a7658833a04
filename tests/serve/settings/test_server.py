import dataclasses
from typing import Any

import msgspec
import pytest

from hedgerow.serve.settings import Limits, Upstream
from hedgerow.serve.settings.fields import Record
from hedgerow.wire.limits import Limits as WireLimits
from hedgerow.wire.pool import PoolLimits


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


class TestUpstream:
    @pytest.mark.parametrize("name", list(of_wire(PoolLimits)))
    def test_has_the_limits_that_are_enforced(self, name: str) -> None:
        assert declared(Upstream)[name] == of_wire(PoolLimits)[name]
