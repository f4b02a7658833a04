import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.book import Book
from hedgerow.load.cluster.difference import difference
from tests.load.cluster.frames import LABEL, book, figures

SOME = st.builds(book, st.integers(0, 9), failed=st.integers(0, 9), times_us=st.integers(1, 10**6))


def sum_of(*books: Book) -> Book:
    whole = Book()
    for one in books:
        whole.merge(one)
    return whole


class TestDifference:
    @given(SOME, SOME)
    def test_and_the_part_are_the_whole(self, part: Book, rest: Book) -> None:
        whole = sum_of(part, rest)
        assert figures(sum_of(part, difference(whole, part))) == figures(whole)

    def test_of_a_book_and_itself_holds_no_request(self) -> None:
        rest = difference(book(3, failed=1), book(3, failed=1))
        assert (rest.ended, rest.sent, rest.status_codes, rest.errors) == (0, 0, {}, {})
        assert not rest.tracks[LABEL].ok.is_used
        assert rest.tracks[LABEL].tally.count == 0

    def test_has_the_labels_that_only_the_whole_has(self) -> None:
        assert difference(book(3), Book()).tracks[LABEL].ok.count == 3

    def test_leaves_the_whole_as_it_is(self) -> None:
        whole = book(3)
        difference(whole, book(1))
        assert figures(whole) == figures(book(3))

    @pytest.mark.parametrize("part", [book(4), book(2, failed=1), book(1, times_us=5000)])
    def test_refuses_what_is_no_part(self, part: Book) -> None:
        with pytest.raises(ValueError, match="must be"):
            difference(book(3), part)

    def test_refuses_a_label_that_the_whole_does_not_have(self) -> None:
        with pytest.raises(ValueError, match="labels"):
            difference(Book(ok=1), Book(tracks=book(1).tracks))
