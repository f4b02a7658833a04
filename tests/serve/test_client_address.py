import pytest

from hedgerow.serve.client_address import AddressField, Told, TrustedProxies
from hedgerow.wire.heads import RequestHead, RequestHeadParser

PROXY = "10.0.0.1"


def head(*lines: str) -> RequestHead:
    text = "\r\n".join(["GET / HTTP/1.1", "Host: a", *lines, "", ""])
    return RequestHeadParser(max_request_line=8192, max_fields=100).parse(text.encode("latin-1"))


def told(*lines: str, field: AddressField = "X-Forwarded-For") -> Told:
    trusted = TrustedProxies(["10.0.0.0/8", "2001:db8:1::/48"], field)
    return trusted.tell(head(*lines), PROXY)


def client(*lines: str, field: AddressField = "X-Forwarded-For") -> str:
    return told(*lines, field=field).client


class TestTrust:
    @pytest.mark.parametrize(
        ("peer", "is_trusted"),
        [
            ("10.255.0.1", True),
            ("11.0.0.1", False),
            ("192.0.2.5", True),
            ("192.0.2.6", False),
            ("::ffff:10.0.0.1", True),
            ("2001:db8::1", True),
            ("2001:db9::1", False),
            ("fe80::1%eth0", True),
            ("", False),
            ("no address", False),
        ],
    )
    def test_is_of_addresses(self, peer: str, is_trusted: bool) -> None:
        networks = ["10.0.0.0/8", "192.0.2.5", "2001:db8::/32", "fe80::/10"]
        assert TrustedProxies(networks).includes(peer) is is_trusted

    def test_may_be_of_whoever_comes_through_a_unix_socket(self) -> None:
        assert TrustedProxies(["unix"]).includes("")
        assert not TrustedProxies(["unix"]).includes("10.0.0.1")


class TestList:
    @pytest.mark.parametrize(
        ("value", "address"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
            ("6.6.6.6,192.0.2.1,10.0.0.2", "192.0.2.1"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("192.0.2.1:5000", "192.0.2.1"),
            ("2001:db8::7", "2001:db8::7"),
            ("2001:DB8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:5000", "2001:db8::7"),
            ("192.0.2.1, 2001:db8:1::1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, , ", "192.0.2.1"),
            ("192.0.2.1,", "192.0.2.1"),
        ],
    )
    def test_is_read_from_its_end(self, value: str, address: str) -> None:
        assert client(f"X-Forwarded-For: {value}") == address

    @pytest.mark.parametrize("value", ["unknown", "192.0.2.1.", "a.example", "192.0.2.1 x", ";"])
    def test_that_ends_in_no_address_leaves_the_proxy(self, value: str) -> None:
        assert client(f"X-Forwarded-For: 6.6.6.6, {value}") == PROXY

    def test_with_something_else_in_it_ends_there(self) -> None:
        assert client("X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.9") == "10.0.0.9"

    def test_of_several_fields_is_one(self) -> None:
        lines = ("X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 192.0.2.1, 10.0.0.2")
        assert client(*lines) == "192.0.2.1"

    def test_that_is_endless_is_not_read_to_its_beginning(self) -> None:
        value = ", ".join(["192.0.2.1"] + ["10.0.0.2"] * 200)
        assert client(f"X-Forwarded-For: {value}") == "10.0.0.2"

    def test_that_is_missing_leaves_the_proxy(self) -> None:
        assert client("Forwarded: for=192.0.2.1") == PROXY


class TestForwarded:
    @pytest.mark.parametrize(
        ("value", "address"),
        [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=192.0.2.1;Proto=https;by=10.0.0.1", "192.0.2.1"),
            ('for="192.0.2.1:5000"', "192.0.2.1"),
            ('for="[2001:db8::7]"', "2001:db8::7"),
            ('for="[2001:db8::7]:5000";host=a', "2001:db8::7"),
            ("for=6.6.6.6, for=192.0.2.1", "192.0.2.1"),
            ("for=192.0.2.1 , for=10.0.0.2", "192.0.2.1"),
            ('for=192.0.2.1;host="a, for=6.6.6.6"', "192.0.2.1"),
            ('for="192.0.2\\.1"', "192.0.2.1"),
            ("for=6.6.6.6, for=unknown", PROXY),
            ("for=6.6.6.6, for=_hidden", PROXY),
            ("for=6.6.6.6, proto=https", PROXY),
            ("for=192.0.2.1;for=6.6.6.6", PROXY),
            ('for="192.0.2.1', PROXY),
            ("192.0.2.1", PROXY),
        ],
    )
    def test_is_read_from_its_end(self, value: str, address: str) -> None:
        assert client(f"Forwarded: {value}", field="Forwarded") == address

    def test_is_not_mixed_with_the_other_field(self) -> None:
        lines = ("Forwarded: for=192.0.2.1", "X-Forwarded-For: 6.6.6.6")
        assert client(*lines, field="Forwarded") == "192.0.2.1"


class TestScheme:
    @pytest.mark.parametrize(
        ("lines", "is_tls"),
        [
            (["X-Forwarded-Proto: https"], True),
            (["X-Forwarded-Proto: http"], False),
            (["X-Forwarded-Proto: http, HTTPS"], True),
            (["X-Forwarded-For: 192.0.2.1"], None),
        ],
    )
    def test_is_what_the_nearest_says(self, lines: list[str], is_tls: bool | None) -> None:
        assert told(*lines).is_tls is is_tls

    def test_may_be_told_beside_the_address(self) -> None:
        line = "Forwarded: for=192.0.2.1;proto=https, for=10.0.0.2;proto=http"
        assert told(line, field="Forwarded") == Told("192.0.2.1", is_tls=True)
