import pytest

from hedgerow.serve.settings import KeyPair, Listen, Tls
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.settings.show import show
from tests.serve.settings.samples import UPSTREAM, has, read, refusal

FILE = __file__  # any file that exists: what is in it is looked at when it is used


def listen(text: str) -> tuple[Listen, ...]:
    return read(f"[server]\nlisten = {text}").server.listen


def listen_refusal(text: str) -> str:
    return refusal(f"[server]\nlisten = {text}")


def tls(text: str) -> Tls:
    found = listen(f'{{address = ":443", tls = {text}}}')[0].tls
    assert found is not None
    return found


def tls_refusal(text: str) -> str:
    return listen_refusal(f'{{address = ":443", tls = {text}}}')


class TestListen:
    def test_is_this_machine_alone_by_default(self) -> None:
        assert read().server.listen == (Listen(address="127.0.0.1:8080"),)

    def test_is_one_address(self) -> None:
        assert listen('":80"') == (Listen(address=":80"),)

    def test_is_one_table(self) -> None:
        assert listen('{address = ":80", proxy_protocol = true}') == (
            Listen(address=":80", proxy_protocol=True),
        )

    def test_is_a_list_of_either(self) -> None:
        text = f'[":80", {{address = ":443", tls = {{cert = "{FILE}"}}}}]'
        assert listen(text) == (
            Listen(address=":80"),
            Listen(address=":443", tls=Tls(cert=FILE)),
        )

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("[]", ("[server] listen = []", "not empty", '"127.0.0.1:8080"')),
            ('[":80", ":80"]', ("[server] listen = ':80'", "twice")),
            ("8080", ("[server] listen = 8080", '":8080" for everybody')),
            ("true", ("[server] listen = true", "an address or a table", '"127.0.0.1:8080"')),
            ('[":80", 5]', ("[server] listen 2 = 5", '"127.0.0.1:5"')),
            ("[[]]", ("[server] listen 1 = []", "an address or a table")),
            ('{tls = "off"}', ("[server] listen.tls = 'off'", "a list of tables")),
            ("{}", ("[server] listen.address = nothing", "given", 'address = "127.0.0.1:8080"')),
            ('{adress = ":80"}', ("[server] listen.adress", "Did you mean address?")),
            ('[":80", {address = "x"}]', ("[server] listen 2 address = 'x'", "host:port")),
        ],
    )
    def test_is_refused_by_name(self, text: str, facts: tuple[str, ...]) -> None:
        assert has(listen_refusal(text), *facts)


class TestTls:
    def test_is_a_certificate(self) -> None:
        assert tls(f'{{cert = "{FILE}", key = "{FILE}"}}').pairs == (KeyPair(cert=FILE, key=FILE),)

    def test_may_have_the_key_in_the_same_file(self) -> None:
        assert tls(f'{{cert = "{FILE}"}}').pairs == (KeyPair(cert=FILE),)

    def test_is_a_list_of_certificates(self) -> None:
        pair = f'{{cert = "{FILE}", key = "{FILE}"}}'
        assert tls(f"[{pair}, {pair}]").pairs == (KeyPair(cert=FILE, key=FILE),) * 2

    def test_has_several_certificates_beside_other_settings(self) -> None:
        text = f'{{certificates = [{{cert = "{FILE}"}}], client_ca = "{FILE}"}}'
        assert tls(text) == Tls(certificates=(KeyPair(cert=FILE),), client_ca=FILE)

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            (f'{{cert = "{FILE}", password = "x"}}', ("listen.tls.password", "openssl pkey")),
            ("{}", ("listen.tls.cert = nothing", "given", 'cert = "a.pem"')),
            ('{cert = "/no/such.pem"}', ("listen.tls.cert = '/no/such.pem'",)),
            (f'{{key = "{FILE}"}}', ("listen.tls.cert = nothing", "given")),
            (f'[{{key = "{FILE}"}}]', ("listen.tls 1 cert = nothing", "given")),
            (
                f'{{cert = "{FILE}", certificates = [{{cert = "{FILE}"}}]}}',
                ("listen.tls.cert", "left out where there are certificates"),
            ),
            (
                f'{{key = "{FILE}", certificates = [{{cert = "{FILE}"}}]}}',
                ("listen.tls.key", "together with cert"),
            ),
            (
                f'{{cert = "{FILE}", client_cert = "optional"}}',
                ("listen.tls.client_cert = 'optional'", "together with client_ca"),
            ),
            (
                f'{{cert = "{FILE}", client_subject = "X-Client"}}',
                ("listen.tls.client_subject = 'X-Client'", "together with client_ca"),
            ),
            (
                f'{{cert = "{FILE}", client_ca = "{FILE}", client_subject = "Host"}}',
                ("listen.tls.client_subject = 'Host'", "another field"),
            ),
        ],
    )
    def test_is_refused_by_name(self, text: str, facts: tuple[str, ...]) -> None:
        assert has(tls_refusal(text), *facts)

    def test_is_not_redirected_to(self) -> None:
        text = f'{{address = ":443", tls = {{cert = "{FILE}"}}, redirect = "https"}}'
        assert has(listen_refusal(text), "listen.redirect = 'https'", "at https already")

    def test_is_what_hsts_needs(self) -> None:
        text = '{address = ":80", hsts = "365d"}'
        assert has(listen_refusal(text), "listen.hsts = '8760h'", "together with tls")


class TestShown:
    @pytest.mark.parametrize(
        "text",
        [
            '":80"',
            '[":80", ":81"]',
            '{address = ":80", redirect = "https"}',
            f'[":80", {{address = ":443", tls = {{cert = "{FILE}"}}, hsts = "1h"}}]',
            f'{{address = ":1", tls = [{{cert = "{FILE}"}}, {{cert = "{FILE}", key = "{FILE}"}}]}}',
        ],
    )
    def test_settings_read_back_as_the_same(self, text: str) -> None:
        before = read(f"[server]\nlisten = {text}")
        assert settings_from_text(show(before)).server == before.server

    def test_addresses_are_as_short_as_they_were(self) -> None:
        text = f'{UPSTREAM}[server]\nlisten = [":80", {{address = ":81"}}]'
        assert 'listen = [":80", ":81"]' in show(settings_from_text(text))
