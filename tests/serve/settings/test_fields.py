import pytest

from hedgerow.serve.settings import (
    Check,
    Deadline,
    Files,
    Health,
    Hedge,
    Limits,
    Priority,
    Queue,
    Rate,
    Redirect,
    Replies,
    Reply,
    Route,
    Server,
    Success,
    Upstream,
    help_of,
)
from hedgerow.serve.settings.fields import Record, fields_of
from hedgerow.serve.settings.guards import AnswerFields, Auth, Cors, Jwt

RECORDS = [
    *(Server, Limits, Upstream, Queue, Health, Check),
    *(Route, Deadline, Hedge, Priority, Rate, Success, Replies, Reply),
    *(Files, Redirect, Auth, Jwt, Cors, AnswerFields),
]


class TestEveryRecord:
    @pytest.mark.parametrize("record", RECORDS)
    def test_has_at_most_two_dozen_settings(self, record: type[Record]) -> None:
        assert len(fields_of(record)) <= 24

    @pytest.mark.parametrize("record", RECORDS)
    def test_has_one_line_of_help_for_each_setting(self, record: type[Record]) -> None:
        for field in fields_of(record).values():
            assert field.about.help
            assert "\n" not in field.about.help
            assert not field.about.help.endswith(".")

    @pytest.mark.parametrize("record", RECORDS)
    def test_has_defaults_within_their_ranges(self, record: type[Record]) -> None:
        for field in fields_of(record).values():
            assert field.is_required or field.allows(field.default)

    @pytest.mark.parametrize("record", RECORDS)
    def test_says_in_words_what_a_default_without_a_value_means(self, record: type[Record]) -> None:
        for field in fields_of(record).values():
            nameless = field.default is None and field.kind is not None and not field.names_none
            assert not nameless or field.about.default

    @pytest.mark.parametrize("record", RECORDS)
    def test_lacks_what_it_says_that_it_lacks(self, record: type[Record]) -> None:
        assert not set(record.ABSENT) & set(fields_of(record))


class TestHelp:
    def test_ends_with_the_default(self) -> None:
        assert help_of(Server, "listen").endswith('(default: "127.0.0.1:8080")')

    def test_has_the_range(self) -> None:
        assert help_of(Limits, "max_fields").endswith("(at least 1; default: 100)")

    def test_of_what_must_be_given_has_no_default(self) -> None:
        assert "default" not in help_of(Upstream, "replicas")

    def test_goes_by_the_name_in_the_file(self) -> None:
        assert help_of(Deadline, "from").startswith("where a request says")
