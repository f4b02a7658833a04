import pytest

from hedgerow.errors import ConfigError
from hedgerow.load import Target
from hedgerow.wire import Origin


class TestHead:
    def test_asks_for_path_and_query_at_the_host(self) -> None:
        head = Target.of("http://127.0.0.1:9000/api/work?x=1").head(0)
        assert head.startswith(b"GET /api/work?x=1 HTTP/1.1\r\nHost: 127.0.0.1:9000\r\n")
        assert head.endswith(b"\r\n\r\n")

    def test_asks_for_the_root_without_a_path(self) -> None:
        assert Target.of("http://localhost").head(0).startswith(b"GET / HTTP/1.1\r\n")

    def test_carries_the_number_of_the_request(self) -> None:
        target = Target.of("http://localhost/a?n={seq}&b=2")
        assert target.head(17).startswith(b"GET /a?n=17&b=2 HTTP/1.1\r\n")


class TestOrigin:
    def test_is_host_and_port(self) -> None:
        assert Target.of("http://[::1]:8080/").origin == Origin("::1", 8080)

    def test_has_the_port_of_http_by_default(self) -> None:
        assert Target.of("http://localhost/").origin == Origin("localhost", 80)


class TestUrlIsRefused:
    @pytest.mark.parametrize(
        "url",
        [
            "127.0.0.1:9000",
            "https://localhost/",
            "http:///path",
            "http://localhost:port/",
            "http://localhost/a b",
            "http://localhost/\r\nX: 1",
            "http://localhost/ä",
        ],
    )
    def test_with_its_text_and_what_is_wanted(self, url: str) -> None:
        with pytest.raises(ConfigError) as caught:
            Target.of(url)
        assert repr(url) in str(caught.value)
        assert "http://" in str(caught.value)
