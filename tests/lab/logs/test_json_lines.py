"""JSON lines of several proxies."""

import pytest

from hedgerow.lab.logs.entry import LeftOut
from hedgerow.lab.logs.json_lines import JsonLog


class TestProxyLine:
    @pytest.mark.parametrize(
        ("line", "seconds", "path"),
        [
            (
                '{"method":"GET","target":"/a","status":200,"ms":35.2,"attempts":["200"]}',
                0.0352,
                "/a",
            ),
            ('{"method":"GET","path":"/a","response_code":200,"duration":120}', 0.120, "/a"),
            (
                '{"method":"GET","path":"/a","response_code":200,"duration":120,'
                '"upstream_service_time":"118"}',
                0.118,
                "/a",
            ),
            (
                '{"request":"GET /a HTTP/1.1","status":"200","request_time":"0.120",'
                '"upstream_response_time":"0.118"}',
                0.118,
                "/a",
            ),
            (
                '{"request":{"method":"GET","uri":"/a"},"status":200,"duration":0.12}',
                0.120,
                "/a",
            ),
        ],
    )
    def test_is_understood(self, line: str, seconds: float, path: str) -> None:
        entry = JsonLog().read(line)
        assert entry is not None
        assert entry.seconds == pytest.approx(seconds)
        assert (entry.method, entry.path) == ("GET", path)
        assert entry.left_out is None

    def test_of_ours_tells_of_each_attempt(self) -> None:
        line = (
            '{"method":"GET","target":"/a","status":200,"ms":35.2,"attempts":["cancelled","200"]}'
        )
        entry = JsonLog().read(line)
        assert entry is not None
        assert entry.is_longer

    def test_of_a_failure_is_left_out(self) -> None:
        entry = JsonLog().read('{"status":503,"request_time":0.1}')
        assert entry is not None
        assert entry.left_out is LeftOut.STATUS

    def test_may_have_the_whole_time_instead(self) -> None:
        line = '{"status":200,"request_time":0.12,"upstream_response_time":0.118}'
        entry = JsonLog("total").read(line)
        assert entry is not None
        assert entry.seconds == 0.12


class TestGivenKey:
    def test_is_read_in_the_given_unit(self) -> None:
        entry = JsonLog(field="took", second=1e-6).read('{"took":2500,"request_time":9}')
        assert entry is not None
        assert entry.seconds == pytest.approx(0.0025)

    def test_must_be_there(self) -> None:
        assert JsonLog(field="took").read('{"request_time":9}') is None


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{", '{"status":200}', '{"request_time":"soon"}', '{"request_time":1,"status":"x"}',
     '{"request_time":"\udcff"}'],
)  # fmt: skip
def test_what_is_no_such_line_is_not_understood(line: str) -> None:
    assert JsonLog().read(line) is None
