"""Texts with placeholders, and the values that fill them."""

import random
import re
import uuid
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.workload.template import Draw, Template, near_misses

SHARES = st.integers(1, 7)


def draw(
    index: int = 0,
    of: int = 1,
    *,
    seed: int = 7,
    lines: Mapping[str, Sequence[bytes]] | None = None,
) -> Draw:
    return Draw(index, of, random.Random(seed), lines or {})


def filled(text: str | bytes, count: int = 1, using: Draw | None = None) -> list[bytes]:
    template, values = Template.parse(text), using or draw()
    texts = []
    for _ in range(count):
        values.advance()
        texts.append(template.fill(values))
    return texts


def of_all_shares(text: str, shares: int, each: int) -> list[bytes]:
    return [
        value for index in range(shares) for value in filled(text, each, draw(index, of=shares))
    ]


class TestSeq:
    def test_counts_the_requests(self) -> None:
        assert filled("/a/{seq}", 3) == [b"/a/0", b"/a/1", b"/a/2"]

    def test_is_the_same_twice_in_one_request(self) -> None:
        assert filled("{seq}={seq}", 2) == [b"0=0", b"1=1"]

    def test_of_a_share_leaves_the_others_numbers_out(self) -> None:
        assert filled("{seq}", 3, draw(1, of=4)) == [b"1", b"5", b"9"]

    @given(SHARES, st.integers(1, 30))
    def test_of_all_shares_is_what_one_would_have_dealt(self, shares: int, each: int) -> None:
        together = of_all_shares("{seq}", shares, each)
        assert sorted(together) == sorted(filled("{seq}", shares * each))


class TestUuid:
    def test_is_one_of_version_four(self) -> None:
        for text in filled("{uuid}", 50):
            value = uuid.UUID(text.decode())
            assert (value.version, value.variant) == (4, uuid.RFC_4122)
            assert str(value).encode() == text

    def test_is_the_same_twice_in_one_request(self) -> None:
        first, second = filled("{uuid} {uuid}", 2)
        assert len(set(first.split() + second.split())) == 2

    def test_is_the_same_again_with_the_same_seed(self) -> None:
        assert filled("{uuid}", 2) == filled("{uuid}", 2)
        assert filled("{uuid}", 1, draw(seed=1)) != filled("{uuid}", 1, draw(seed=2))


class TestUniqueText:
    @pytest.mark.parametrize("text", ["{uuid}", "{email}", "{username}"])
    @given(shares=SHARES, each=st.integers(1, 30))
    def test_comes_once_in_all_shares_together(self, text: str, shares: int, each: int) -> None:
        # All shares are given equally seeded randomness here.
        assert len(set(of_all_shares(text, shares, each))) == shares * each


class TestEmail:
    def test_is_the_address_of_the_same_requests_user(self) -> None:
        (text,) = filled("{username} {email}")
        username, email = text.decode().split()
        assert re.fullmatch(r"user0-[0-9a-f]{8}", username)
        assert email == f"{username}@example.com"

    def test_differs_from_that_of_a_run_with_another_seed(self) -> None:
        assert filled("{email}", 1, draw(seed=1)) != filled("{email}", 1, draw(seed=2))


class TestRand:
    def test_includes_both_ends_and_nothing_beyond(self) -> None:
        assert set(filled("{rand:-1..2}", 200)) == {b"-1", b"0", b"1", b"2"}

    def test_has_the_decimals_of_its_ends(self) -> None:
        values = filled("{rand:0..0.05}", 300)
        assert set(values) == {b"0.00", b"0.01", b"0.02", b"0.03", b"0.04", b"0.05"}

    def test_keeps_large_numbers_exact(self) -> None:
        large = b"123456789012345678901"
        assert filled(b"{rand:%b..%b}" % (large, large)) == [large]

    def test_is_drawn_anew_for_each_place(self) -> None:
        (text,) = filled("{rand:1..1000000} {rand:1..1000000}")
        first, second = text.split()
        assert first != second


class TestChoice:
    def test_is_one_of_the_texts(self) -> None:
        assert set(filled("{choice:a,b|c d|}", 100)) == {b"a,b", b"c d", b""}


class TestLine:
    LINES: Mapping[str, Sequence[bytes]] = {"users.txt": [b"ann\n", b"bob\r\n", b"cy"]}

    def test_is_the_next_one_without_its_end_and_comes_round(self) -> None:
        texts = filled("{line:users.txt}", 4, draw(lines=self.LINES))
        assert texts == [b"ann", b"bob", b"cy", b"ann"]

    def test_is_the_same_twice_in_one_request(self) -> None:
        text = "{line:users.txt} {line:users.txt}"
        assert filled(text, 1, draw(lines=self.LINES)) == [b"ann ann"]

    @given(SHARES, st.integers(1, 10))
    def test_is_dealt_once_to_all_shares_before_it_comes_again(
        self, shares: int, each: int
    ) -> None:
        lines = {"f": [b"%d" % number for number in range(shares * each)]}
        dealt: list[bytes] = []
        for index in range(shares):
            dealt += filled("{line:f}", each, draw(index, of=shares, lines=lines))
        assert sorted(dealt) == sorted(lines["f"])

    def test_comes_from_the_files_that_the_template_names(self) -> None:
        template = Template.parse("{line:a}{seq}{line:b}") + Template.parse("{line:a}")
        assert template.files == ("a", "b")

    @pytest.mark.parametrize("lines", [{}, {"users.txt": []}])
    def test_is_refused_where_there_is_none(self, lines: Mapping[str, Sequence[bytes]]) -> None:
        with pytest.raises(ConfigError, match=r"users\.txt"):
            filled("{line:users.txt}", 1, draw(lines=lines))


class TestBraces:
    @pytest.mark.parametrize(
        "text",
        [
            '{"a": {"seq": 1}}',
            "{}",
            "{ seq }",
            "{SEQ}",
            "{name}",
            "{{name}}",
            "{seqs}",
            "100%d %b %",
        ],
    )
    def test_around_anything_else_stay(self, text: str) -> None:
        assert filled(text) == [text.encode()]

    def test_of_a_document_may_touch_a_placeholder(self) -> None:
        assert filled('{"a":{"n":{seq}}}') == [b'{"a":{"n":0}}']

    def test_that_are_doubled_stand_for_themselves(self) -> None:
        assert filled("{{seq}} {{rand:1..2}} {seq}") == [b"{seq} {rand:1..2} 0"]

    def test_in_bytes_that_are_no_text_are_found(self) -> None:
        assert filled(b"\xff{seq}\x00") == [b"\xff0\x00"]


class TestConstant:
    def test_is_returned_as_the_same_object(self) -> None:
        template = Template.parse("50% off")
        assert template.constant == b"50% off"
        assert template.fill(draw()) is template.fill(draw())

    def test_is_none_where_something_varies(self) -> None:
        assert Template.parse("{seq}").constant is None

    def test_literal_is_taken_as_it_is(self) -> None:
        assert Template.literal(b"{seq} 5%").constant == b"{seq} 5%"


class TestEscape:
    def test_is_applied_around_placeholders_and_to_texts_from_outside(self) -> None:
        template = Template.parse("a{seq}b{choice:c}{line:f}{{seq}}", escape=bytes.upper)
        values = draw(lines={"f": [b"d"]})
        values.advance()
        assert template.fill(values) == b"A0BCD{SEQ}"


class TestJoined:
    def test_fill_as_one(self) -> None:
        template = Template.parse("a{seq}") + Template.literal(b"%") + Template.parse("{seq}")
        values = draw()
        values.advance()
        assert template.fill(values) == b"a0%0"


class TestRefused:
    @pytest.mark.parametrize(
        "text",
        ["{rand}", "{rand:}", "{rand:9..1}", "{rand:1-9}", "{choice}", "{choice:}", "{line}",
         "{line:}", "{seq:5}", "{uuid:}"],
    )  # fmt: skip
    def test_is_a_placeholder_that_cannot_be_filled(self, text: str) -> None:
        with pytest.raises(ConfigError, match="template"):
            Template.parse(text)


class TestNearMiss:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("{uid}", "{uuid}"),
            ("{sequence}", "{seq}"),
            ("{Seq}", "{seq}"),
            ("{e-mail}", "{email}"),
            ("{user-name}", "{username}"),
            ("{rnd:1..9}", "{rand:1..9}"),
            ("{choise:a|b}", "{choice:a|b}"),
            ("{lines:f}", "{line:FILE}"),
        ],
    )
    def test_is_found_with_what_was_meant(self, text: str, meant: str) -> None:
        assert near_misses(f'{{"a": "{text}"}}') == {text: meant}

    @pytest.mark.parametrize("text", ["{seq}", "{{uid}}", '{"uid": 1}', "{name}", "{id}", "{}"])
    def test_is_not_seen_in_what_may_be_meant_so(self, text: str) -> None:
        assert near_misses(text) == {}
