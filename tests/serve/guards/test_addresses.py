"""Who may come in, by address."""

import pytest

from hedgerow.serve.guards.addresses import AddressRule


class TestAllow:
    @pytest.mark.parametrize("peer", ["10.0.0.1", "10.255.0.1", "::ffff:10.1.2.3", "2001:db8::7"])
    def test_lets_in_who_is_in_a_network(self, peer: str) -> None:
        assert AddressRule(("10.0.0.0/8", "2001:db8::/32"), ()).admits(peer)

    @pytest.mark.parametrize("peer", ["192.0.2.1", "2001:db9::1", "", "no address"])
    def test_keeps_out_everybody_else(self, peer: str) -> None:
        assert not AddressRule(("10.0.0.0/8", "2001:db8::/32"), ()).admits(peer)

    def test_of_nothing_lets_everybody_in(self) -> None:
        rule = AddressRule((), ("10.0.0.0/8",))
        assert rule.admits("192.0.2.1")
        assert rule.admits("")

    def test_may_be_this_machine_by_a_unix_socket(self) -> None:
        assert AddressRule(("unix",), ()).admits("")


class TestDeny:
    def test_wins(self) -> None:
        rule = AddressRule(("10.0.0.0/8",), ("10.0.0.0/16",))
        assert rule.admits("10.1.0.1")
        assert not rule.admits("10.0.0.1")

    def test_may_be_this_machine_by_a_unix_socket(self) -> None:
        assert not AddressRule((), ("unix",)).admits("")
