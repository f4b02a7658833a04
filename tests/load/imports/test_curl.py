"""curl's command lines as requests; what curl sends was looked up in its manual page."""

from typing import NamedTuple

import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.imports.curl import CurlCommand, parse_curl
from hedgerow.load.imports.shell import shell_words
from hedgerow.load.plan import Connecting

FILES = {
    "body.json": b'{"a":\r\n 1}\n',
    "raw.bin": b"\x00\xff\n",
    "fields": b"X-A: 1\n\nX-B: 2\n",
    "a b.csv": b"1,2\n",
    "-": b"from stdin\n",
}
FORM = "application/x-www-form-urlencoded"


class Case(NamedTuple):
    """A command line, and what goes out."""

    line: str
    method: str
    url: str
    fields: dict[str, str]
    body: bytes


def form(**more: str) -> dict[str, str]:
    return {"Content-Type": FORM, **more}


CASES = [
    Case("curl http://h/a", "GET", "http://h/a", {}, b""),
    Case("curl h:8080/a", "GET", "http://h:8080/a", {}, b""),
    Case("http://h/", "GET", "http://h/", {}, b""),
    Case("curl --url https://h/?a=1", "GET", "https://h/?a=1", {}, b""),
    Case("curl -XDELETE http://h/1", "DELETE", "http://h/1", {}, b""),
    Case("curl --request PUT -d x http://h/", "PUT", "http://h/", form(), b"x"),
    Case("curl -I http://h/", "HEAD", "http://h/", {}, b""),
    Case("curl -d a=1 -d b=2 http://h/", "POST", "http://h/", form(), b"a=1&b=2"),
    Case("curl http://h/ -da=1", "POST", "http://h/", form(), b"a=1"),
    Case("curl -d '' http://h/", "POST", "http://h/", form(), b""),
    Case("curl -d @body.json http://h/", "POST", "http://h/", form(), b'{"a": 1}'),
    Case("curl --data-raw @body.json http://h/", "POST", "http://h/", form(), b"@body.json"),
    Case("curl --data-binary @raw.bin http://h/", "POST", "http://h/", form(), b"\x00\xff\n"),
    Case("curl --data-binary @- http://h/", "POST", "http://h/", form(), b"from stdin\n"),
    Case("curl --data-ascii ä http://h/", "POST", "http://h/", form(), "ä".encode()),
    Case("curl --data-urlencode 'q=a b&c=ä' http://h/", "POST", "http://h/", form(),
         b"q=a+b%26c%3D%C3%A4"),
    Case("curl --data-urlencode 'a/b' http://h/", "POST", "http://h/", form(), b"a%2Fb"),
    Case("curl --data-urlencode '=a=b' http://h/", "POST", "http://h/", form(), b"a%3Db"),
    Case("curl --data-urlencode q@raw.bin http://h/", "POST", "http://h/", form(), b"q=%00%FF%0A"),
    Case("curl -G -d a=1 --data-urlencode 'b=x y' http://h/s", "GET", "http://h/s?a=1&b=x+y",
         {}, b""),
    Case("curl -G -d a=1 'http://h/s?z=0#part'", "GET", "http://h/s?z=0&a=1", {}, b""),
    Case("curl -G -I -d a=1 http://h/s", "HEAD", "http://h/s?a=1", {}, b""),
    Case("curl --json '{\"a\":' --json '1}' http://h/", "POST", "http://h/",
         {"Content-Type": "application/json", "Accept": "application/json"}, b'{"a":1}'),
    Case("curl --json @body.json -H 'accept: text/x' http://h/", "POST", "http://h/",
         {"accept": "text/x", "Content-Type": "application/json"}, b'{"a":\r\n 1}\n'),
    Case("curl -H 'Content-Type: text/csv' -d x http://h/", "POST", "http://h/",
         {"Content-Type": "text/csv"}, b"x"),
    Case("curl -H 'X-A: 1' -H 'X-B:2' -H 'X-Empty;' -H 'X-None:' http://h/", "GET", "http://h/",
         {"X-A": "1", "X-B": "2", "X-Empty": ""}, b""),
    Case("curl -H @fields http://h/", "GET", "http://h/", {"X-A": "1", "X-B": "2"}, b""),
    Case("curl -H 'Host: other' -H 'Connection: keep-alive' -H 'Content-Length: 9' -H ':path: /' "
         "http://h/", "GET", "http://h/", {"Host": "other"}, b""),
    Case("curl -u Aladdin:'open sesame' http://h/", "GET", "http://h/",
         {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, b""),
    Case("curl --oauth2-bearer abc http://h/", "GET", "http://h/",
         {"Authorization": "Bearer abc"}, b""),
    Case("curl -A me -e 'http://r/;auto' -r 0-99 http://h/", "GET", "http://h/",
         {"User-Agent": "me", "Referer": "http://r/", "Range": "bytes=0-99"}, b""),
    Case("curl -b 'a=1; b=2' -b c=3 http://h/", "GET", "http://h/",
         {"Cookie": "a=1; b=2; c=3"}, b""),
    Case("curl --compressed http://h/", "GET", "http://h/", {"Accept-Encoding": "gzip"}, b""),
    Case("curl -H 'accept-encoding: gzip, br' --compressed http://h/", "GET", "http://h/",
         {"accept-encoding": "gzip"}, b""),
    Case("curl -T raw.bin http://h/up", "PUT", "http://h/up", {}, b"\x00\xff\n"),
    Case("curl -sSvi -fo /dev/null -w '%{http_code}' --no-progress-meter http://h/", "GET",
         "http://h/", {}, b""),
    Case("curl -sXPOST http://h/", "POST", "http://h/", {}, b""),
    Case("curl -sX PATCH -- http://h/", "PATCH", "http://h/", {}, b""),
    Case("curl -g 'http://h/[1-2]'", "GET", "http://h/[1-2]", {}, b""),
]  # fmt: skip


def read(name: str) -> bytes:
    return FILES[name]


def curl(line: str) -> CurlCommand:
    return parse_curl(shell_words(line), read)


class TestCommandLine:
    @pytest.mark.parametrize("case", CASES, ids=[case.line for case in CASES])
    def test_becomes_the_request_that_curl_sends(self, case: Case) -> None:
        request = curl(case.line).request
        assert (request.method, request.url, request.body) == (case.method, case.url, case.body)
        assert dict(request.fields) == case.fields
        assert len(request.fields) == len(case.fields)

    def test_as_chrome_copies_it_becomes_the_request(self) -> None:
        request = curl(
            """curl 'https://shop.example/api/cart' \\
  -H 'accept: */*' \\
  -H 'accept-encoding: gzip, deflate, br, zstd' \\
  -H 'content-type: application/json' \\
  -b 'session=1' \\
  -H 'sec-ch-ua: "Chromium";v="130"' \\
  --data-raw $'{"text":"it\\'s\\u0021 \\n"}' \\
  --compressed"""
        ).request
        assert request.label == "POST /api/cart"
        assert request.body == b'{"text":"it\'s! \n"}'
        assert dict(request.fields) == {
            "accept": "*/*",
            "accept-encoding": "gzip",
            "content-type": "application/json",
            "sec-ch-ua": '"Chromium";v="130"',
            "Cookie": "session=1",
        }


class TestFormWithFiles:
    def sent(self, line: str) -> tuple[str, bytes]:
        request = curl(line).request
        assert request.method == "POST"
        kind, _, boundary = dict(request.fields)["Content-Type"].partition("; boundary=")
        assert request.body.endswith(b"--%b--\r\n" % boundary.encode())
        return kind, request.body.replace(boundary.encode(), b"B")

    def test_has_a_part_for_each_field(self) -> None:
        kind, body = self.sent("curl -F name=Ann -F 'note=a;type=text/markdown' http://h/")
        assert kind == "multipart/form-data"
        assert body == (
            b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\nAnn\r\n'
            b'--B\r\nContent-Disposition: form-data; name="note"\r\n'
            b"Content-Type: text/markdown\r\n\r\na\r\n--B--\r\n"
        )

    @pytest.mark.parametrize(
        ("flag", "head"),
        [
            ("-F 'f=@a b.csv'", b'name="f"; filename="a b.csv"\r\nContent-Type: text/csv'),
            ("-F 'f=@\"a b.csv\";type=x/y;filename=z\"'",
             b'name="f"; filename="z"\r\nContent-Type: x/y'),
            ("-F 'f=<a b.csv'", b'name="f"'),
        ],
    )  # fmt: skip
    def test_carries_a_file_with_its_name_and_type(self, flag: str, head: bytes) -> None:
        _, body = self.sent(f"curl {flag} http://h/")
        assert body == (
            b"--B\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n1,2\n\r\n--B--\r\n"
        )

    def test_takes_a_string_as_it_is(self) -> None:
        assert b"\r\n\r\n@x;type=y\r\n" in self.sent("curl --form-string f=@x;type=y http://h/")[1]

    def test_cannot_be_ended_by_a_name(self) -> None:
        assert b'name="a%22%0D%0Ab"' in self.sent("curl -F $'a\"\\r\\nb=1' http://h/")[1]

    def test_is_the_same_bytes_each_time(self) -> None:
        assert curl("curl -F a=1 http://h/").request == curl("curl -F a=1 http://h/").request


class TestConnecting:
    @pytest.mark.parametrize(
        ("flags", "connecting"),
        [
            ("", Connecting()),
            ("-k", Connecting(verify=False)),
            ("--cacert ca.pem", Connecting(ca_file="ca.pem")),
            ("--unix-socket /run/s", Connecting(unix="/run/s")),
            ("--connect-timeout 1.5", Connecting(connect_timeout=1.5)),
            ("-H 'connection: Close'", Connecting(keep_alive=False)),
            ("--connect-to h:443:other:8443",
             Connecting(connect_to=(("h:443", "other:8443"),))),
            ("--connect-to ::[::1]:", Connecting(connect_to=(("h:443", "[::1]:443"),))),
            ("--connect-to h:443::99", Connecting(connect_to=(("h:443", "h:99"),))),
            ("--resolve h:443:127.0.0.1,[::1]",
             Connecting(connect_to=(("h:443", "127.0.0.1:443"),))),
            ("--resolve '+*:443:::1'", Connecting(connect_to=(("h:443", "[::1]:443"),))),
        ],
    )  # fmt: skip
    def test_is_as_the_flags_say(self, flags: str, connecting: Connecting) -> None:
        assert curl(f"curl {flags} https://h/").connecting == connecting

    def test_compares_addresses_without_their_brackets(self) -> None:
        command = curl("curl --connect-to '[::1]:80:[::2]:' http://[::1]/")
        assert command.connecting.connect_to == (("::1:80", "[::2]:80"),)

    @pytest.mark.parametrize(
        ("flags", "follow"), [("", 0), ("-L", 50), ("-L --max-redirs 3", 3), ("--max-redirs 3", 0)]
    )
    def test_follows_redirects_when_asked_to(self, flags: str, follow: int) -> None:
        assert curl(f"curl {flags} http://h/").request.follow == follow

    def test_has_the_time_it_was_given(self) -> None:
        assert curl("curl -m 2.5 http://h/").timeout == 2.5
        assert curl("curl http://h/").timeout is None


class TestNotes:
    def test_say_what_is_not_as_with_curl(self) -> None:
        notes = curl("curl --http2 -H 'User-Agent:' -H 'X-A:' http://h/").notes
        assert [note.partition(":")[0] for note in notes] == ["--http2", "user-agent"]

    def test_are_none_where_all_is(self) -> None:
        assert curl("curl -s http://h/").notes == ()


class TestRefused:
    @pytest.mark.parametrize(
        ("line", "named"),
        [
            ("curl", "0 URLs"),
            ("curl http://a/ http://b/", "2 URLs"),
            ("curl --proxy http://p http://h/", "'--proxy'"),
            ("curl -x http://p http://h/", "'-x'"),
            ("curl -sZ http://h/", "'-Z'"),
            ("curl --next http://h/", "'--next'"),
            ("curl http://h/ -X", "'-X'"),
            ("curl http://h/ --data", "'--data'"),
            ("curl ftp://h/", "ftp://h/"),
            ("curl 'http://h/{a,b}'", "{a,b}"),
            ("curl 'http://h/[1-9]'", "[1-9]"),
            ("curl -b cookies.txt http://h/", "cookies.txt"),
            ("curl -u me http://h/", "me"),
            ("curl -H broken http://h/", "broken"),
            ("curl -d a -F b=1 http://h/", "-d and -F"),
            ("curl -F b http://h/", "-F"),
            ("curl -m soon http://h/", "soon"),
            ("curl -m 0 http://h/", "--max-time"),
            ("curl --connect-to x http://h/", "--connect-to"),
            ("curl --resolve x http://h/", "--resolve"),
        ],
    )
    def test_is_what_would_be_lost_without_a_word(self, line: str, named: str) -> None:
        with pytest.raises(ConfigError) as caught:
            curl(line)
        assert named in str(caught.value)
