import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.serve.replies import ReplyTemplate, is_body_value, texts_in

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text('ab{}."\\\n', max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=5,
)
SMART = {"time": "{body.time}", "message": "SUCCESS"}


def rendered(template: object, body: object) -> object:
    return json.loads(ReplyTemplate(200, json=template).render(body))


class TestConstantReply:
    def test_is_the_same_bytes_each_time(self) -> None:
        reply = ReplyTemplate(502, json={"message": "ERROR"})
        assert reply.render(None) is reply.render({"time": 1})

    def test_is_compact_json_in_the_order_of_the_file(self) -> None:
        reply = ReplyTemplate(502, json={"b": [1, 2.5, True, {}], "a": "é"})
        assert reply.render(None) == '{"b":[1,2.5,true,{}],"a":"é"}'.encode()

    def test_may_be_text(self) -> None:
        reply = ReplyTemplate(503, text="come back\nlater")
        assert reply.render(None) == b"come back\nlater"

    def test_may_be_empty(self) -> None:
        reply = ReplyTemplate(204)
        assert (reply.status, reply.fields, reply.render(None)) == (204, b"", b"")

    @pytest.mark.parametrize("value", [False, 0, "", [], {}])
    def test_may_be_json_that_is_not_much(self, value: object) -> None:
        assert ReplyTemplate(200, json=value).render(None) == json.dumps(value).encode()

    @given(JSON_VALUES.filter(lambda value: value is not None))
    def test_is_the_json_of_the_settings(self, value: object) -> None:
        assert rendered(value, None) == value


class TestReplyWithValues:
    @pytest.mark.parametrize("value", [250, 2.5, "250", None, True, [1, {"a": 2}], {"a": "b"}])
    def test_has_them_with_their_types(self, value: object) -> None:
        assert rendered(SMART, {"time": value}) == {"time": value, "message": "SUCCESS"}

    def test_is_written_as_the_file_has_it(self) -> None:
        reply = ReplyTemplate(200, json=SMART)
        assert reply.render({"time": 250}) == b'{"time":250,"message":"SUCCESS"}'

    def test_may_be_one_value_alone(self) -> None:
        assert rendered("{body.a}", {"a": [1]}) == [1]

    def test_goes_down_with_dots(self) -> None:
        assert rendered(["{body.user.id}"], {"user": {"id": 7}}) == [7]

    @pytest.mark.parametrize(
        "body", [None, {}, [], "text", 5, {"user": None}, {"user": [1]}, {"user": {}}]
    )
    def test_has_null_for_what_is_not_there(self, body: object) -> None:
        assert rendered({"id": "{body.user.id}"}, body) == {"id": None}

    def test_cannot_be_broken_by_what_the_upstream_sends(self) -> None:
        nasty = '","message":"HACKED"}{body.message}'
        assert rendered(SMART, {"time": nasty}) == {"time": nasty, "message": "SUCCESS"}

    @given(JSON_VALUES)
    def test_is_json_whatever_the_upstream_sends(self, body: object) -> None:
        assert rendered(SMART, {"time": body}) == {"time": body, "message": "SUCCESS"}


class TestFields:
    def test_name_the_type_of_json(self) -> None:
        assert ReplyTemplate(200, json={}).fields == b"Content-Type: application/json\r\n"

    def test_name_the_type_and_charset_of_text(self) -> None:
        fields = ReplyTemplate(200, text="x").fields
        assert fields == b"Content-Type: text/plain; charset=utf-8\r\n"

    def test_may_name_another_type(self) -> None:
        reply = ReplyTemplate(200, text="<p>", headers={"content-type": "text/html"})
        assert reply.fields == b"content-type: text/html\r\n"

    def test_are_followed_by_those_of_the_route(self) -> None:
        reply = ReplyTemplate(503, json={}, headers={"Retry-After": "1", "X-A": "b"})
        assert reply.fields.endswith(b"\r\nRetry-After: 1\r\nX-A: b\r\n")


class TestTexts:
    @pytest.mark.parametrize("text", ["{body.time}", "{body.a.b}", "{body.a b}", "{body.é}"])
    def test_that_stand_for_a_value(self, text: str) -> None:
        assert is_body_value(text)

    @pytest.mark.parametrize(
        "text", ["{body}", "{body.}", "{body.a.}", "{body..a}", " {body.a}", "{head.a}", "body.a"]
    )
    def test_that_stand_for_themselves(self, text: str) -> None:
        assert not is_body_value(text)

    def test_of_a_reply_are_keys_and_values(self) -> None:
        assert list(texts_in({"a": ["b", 1, {"c": "d"}]})) == ["a", "b", "c", "d"]
