from dataclasses import fields

from hedgerow.wire.limits import Limits


class TestLimits:
    def test_all_bound_something(self) -> None:
        limits = Limits()
        assert all(getattr(limits, field.name) > 0 for field in fields(limits))

    def test_leave_a_head_room_for_its_request_line(self) -> None:
        assert Limits().max_request_line < Limits().max_head

    def test_keep_an_idle_connection_longer_than_balancers_do(self) -> None:
        assert Limits().idle_timeout > 60
