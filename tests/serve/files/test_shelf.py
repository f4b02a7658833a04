"""Small files in memory: which are kept, and which go."""

from hedgerow.serve.files.shelf import Shelf
from hedgerow.serve.files.stored import Stored


def stored(size: int = 300) -> Stored:
    return Stored(b'"x"', 0, size, b"", b"text/plain", (1, 2, 3, size), b"x" * size)


class TestShelf:
    def test_keeps_what_was_put(self) -> None:
        shelf, one = Shelf(10_000), stored()
        shelf.put("a", one)
        assert shelf.find("a") is one
        assert shelf.find("b") is None

    def test_has_room_for_so_many_bytes(self) -> None:
        shelf = Shelf(4_800)
        for key in "abcd":
            shelf.put(key, stored())
        assert [key for key in "abcd" if shelf.find(key)] == ["b", "c", "d"]
        assert shelf.size == 4_800

    def test_lets_go_of_what_was_not_used_longest(self) -> None:
        shelf = Shelf(4_800)
        for key in "abc":
            shelf.put(key, stored())
        shelf.used("a")
        shelf.put("d", stored())
        assert shelf.find("b") is None
        assert shelf.find("a") is not None

    def test_counts_what_is_replaced_once(self) -> None:
        shelf = Shelf(10_000)
        shelf.put("a", stored())
        shelf.put("a", stored(1_000))
        assert shelf.size == 3_000
        shelf.drop("a")
        assert shelf.size == 0

    def test_does_not_keep_what_is_larger_than_itself(self) -> None:
        shelf = Shelf(500)
        shelf.put("a", stored())
        assert shelf.find("a") is None
        assert shelf.size == 0
