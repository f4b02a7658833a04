from tests.load.cluster.frames import LABEL, book, frame, total


class TestBook:
    def test_counts_the_same_everywhere(self) -> None:
        made = book(3, failed=2)
        assert (made.ended, made.sent) == (5, 5)
        assert made.tracks[LABEL].tally.count == made.whole().response().count == 5
        assert made.tracks[LABEL].tally.errors == made.errors["reset"] == 2


class TestTotal:
    def test_is_the_sum_of_all_frames(self) -> None:
        whole = total(frame(1, 0, ok=2), frame(1, 1, ok=3))
        assert (whole.shard, whole.number, whole.measured.ok) == (1, 1, 5)
