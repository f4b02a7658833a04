"""Heads that came before."""

from hedgerow.wire.memo import HeadMemo


def memo_of(*raws: bytes) -> HeadMemo[bytes]:
    memo: HeadMemo[bytes] = HeadMemo()
    for raw in raws:
        memo.keep(raw, raw.upper())
    return memo


class TestHead:
    def test_is_not_kept_when_it_comes_for_the_first_time(self) -> None:
        assert memo_of(b"a").find(b"a") is None

    def test_is_found_after_it_came_twice(self) -> None:
        assert memo_of(b"a", b"a").find(b"a") == b"A"

    def test_that_is_long_is_never_kept(self) -> None:
        long = b"x" * 3000
        assert memo_of(long, long).find(long) is None

    def test_is_gone_once_the_memo_was_told_to_forget(self) -> None:
        memo = memo_of(b"a", b"a")
        memo.forget()
        assert memo.find(b"a") is None


class TestMemo:
    def test_stays_small(self) -> None:
        raws = [b"%d" % number for number in range(2000)]
        memo = memo_of(*(raw for raw in raws for _ in range(2)))
        assert sum(memo.find(raw) is not None for raw in raws) <= 256
