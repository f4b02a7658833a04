from collections.abc import Sequence

import pytest

from hedgerow.serve.entrances import https_port, subject_fields
from hedgerow.serve.settings import Listen, Server, Tls


def server(*addresses: str, plain: Sequence[str] = ()) -> Server:
    secure = [Listen(address=address, tls=Tls(cert="a")) for address in addresses]
    return Server(listen=(*(Listen(address=address) for address in plain), *secure))


class TestPortOfHttps:
    @pytest.mark.parametrize(
        ("addresses", "port"),
        [
            ([":443"], 443),
            (["127.0.0.1:8443"], 8443),
            (["[::1]:8443", ":9443"], 8443),
            ([":8443", ":443"], 443),
            (["unix:/x", ":8443"], 8443),
            (["unix:/x"], 443),
            ([":0"], 443),
            ([], 443),
        ],
    )
    def test_is_the_first_where_tls_is_spoken_or_its_own(
        self, addresses: list[str], port: int
    ) -> None:
        assert https_port(server(*addresses, plain=[":80"])) == port


class TestFieldsOfSubjects:
    def test_are_those_of_all_addresses(self) -> None:
        listen = [
            Listen(address=":1", tls=Tls(cert="a", client_ca="b", client_subject="X-One")),
            Listen(address=":2", tls=Tls(cert="a", client_ca="b", client_subject="X-Two")),
            Listen(address=":3", tls=Tls(cert="a")),
            Listen(address=":4"),
        ]
        assert subject_fields(Server(listen=tuple(listen))) == {b"x-one", b"x-two"}
