"""What is read of a gateway, where that is more than to read it; the rest is tested end to end."""

from hedgerow.serve.admin.metrics import statuses
from hedgerow.serve.durations import Durations


class TestStatuses:
    def test_are_told_by_class(self) -> None:
        durations = Durations()
        for status in (101, 200, 204, 302, 404, 500, 599):
            durations.record(0.0, status)
        told = dict(statuses(durations))
        assert told == {
            "1xx": 1, "2xx": 2, "3xx": 1, "4xx": 1, "5xx": 2, "other": 0, "left": 0,
        }  # fmt: skip

    def test_that_are_none_are_told_too(self) -> None:
        durations = Durations()
        for status in (0, 600, 799, 999):
            durations.record(0.0, status)
        told = {code: count for code, count in statuses(durations) if count}
        assert told == {"other": 3, "left": 1}
