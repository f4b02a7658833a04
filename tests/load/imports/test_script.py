"""Steps written as a Python file: what it sends when it is played is what was recorded."""

import ast
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.generator.request_maker import RequestMaker
from hedgerow.load.generator.scenario_request import absolute, prepare
from hedgerow.load.imports.script import write_scenario
from hedgerow.load.imports.step import Step
from hedgerow.load.plan import RequestPlan
from hedgerow.workload import Draw

JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")


class RecordingUser:
    """A user who notes what it is told to do."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        async def note(*arguments: Any, **options: Any) -> None:
            self.calls.append((name, arguments, options))

        return note


def step(
    url: str = "https://shop/",
    method: str = "GET",
    *fields: tuple[str, str],
    body: bytes = b"",
    pause: float = 0.0,
    status: int = 200,
    follow: int = 0,
) -> Step:
    request = RequestPlan(
        url=url, label="x", method=method, fields=fields, body=body, follow=follow
    )
    return Step(request=request, pause=pause, status=status)


def played(source: str) -> tuple[dict[str, Any], list[tuple[str, tuple[Any, ...], dict[str, Any]]]]:
    """The options of a scenario, and what its user is told to do."""
    names: dict[str, Any] = {}
    exec(compile(source, "scenario.py", "exec"), names)
    user = RecordingUser()
    with pytest.raises(StopIteration):  # it waits for nothing, so it needs no loop
        names["run"](user).send(None)
    return names["options"], user.calls


def lines(request: bytes) -> list[bytes]:
    """A request's lines, in an order that has no meaning; names in one case."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    return [
        first,
        *sorted(field.replace(b"content-type", b"Content-Type") for field in fields),
        body,
    ]


def call(one: Step) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    _, (only,) = played(write_scenario([one], title="x"))
    return only


class TestScenario:
    def test_does_the_steps_in_their_order_with_their_pauses(self) -> None:
        steps = [step("https://shop/a"), step("https://shop/b", "POST", pause=1.5)]
        options, calls = played(write_scenario(steps, title="x"))
        assert options == {"base_url": "https://shop"}
        assert calls == [("get", ("/a",), {}), ("pause", (1.5,), {}), ("post", ("/b",), {})]

    def test_reads_like_one_written_by_hand(self) -> None:
        steps = [
            step("https://shop/a", "GET", ("Accept", "*/*")),
            step("https://shop/b", "POST", ("Accept", "*/*"), JSON, body=b'{"a": [1, null]}',
                 pause=0.4),
        ]  # fmt: skip
        assert write_scenario(steps, title="Made from shop.har.", options={"insecure": True}) == (
            '"""Made from shop.har."""\n'
            "\n"
            "options = {\n"
            '    "base_url": "https://shop",\n'
            '    "insecure": True,\n'
            "}\n"
            "\n"
            "# What all requests have in common.\n"
            "HEADERS = {\n"
            '    "Accept": "*/*",\n'
            "}\n"
            "\n"
            "\n"
            "async def run(user):\n"
            '    await user.get("/a", headers=HEADERS)\n'
            "    await user.pause(0.4)\n"
            '    await user.post("/b", headers=HEADERS, json={"a": [1, None]})\n'
        )

    def test_has_long_calls_in_several_lines(self) -> None:
        body = b'{"names": ["%b", "%b"], "n": 1}' % (b"a" * 40, b"b" * 60)
        source = write_scenario([step("https://shop/", "POST", JSON, body=body)], title="x")
        assert max(len(line) for line in source.splitlines()) <= 100
        assert played(source)[1][0][2]["json"]["names"] == ["a" * 40, "b" * 60]

    @pytest.mark.parametrize("title", ['a"""\nimport os', "a\\", 'ends with "', "\\N{x}", "a\x00b"])
    def test_has_any_title_as_its_docstring_only(self, title: str) -> None:
        source = write_scenario([step()], title=title)
        assert [type(node) for node in ast.parse(source).body] == [
            ast.Expr, ast.Assign, ast.AsyncFunctionDef,
        ]  # fmt: skip


class TestUrl:
    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("https://shop/a?b=1", "/a?b=1"),
            ("https://shop", "/"),
            ("https://shop?a=1", "/?a=1"),
            ("https://shop//a", "//a"),
            ("https://shop.example/a", "https://shop.example/a"),
            ("http://shop/a", "http://shop/a"),
        ],
    )
    def test_is_relative_to_that_of_the_first_step(self, url: str, shown: str) -> None:
        _, calls = played(write_scenario([step("https://shop/"), step(url)], title="x"))
        assert calls[1] == ("get", (shown,), {})


class TestCall:
    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    def test_is_named_for_its_method(self, method: str) -> None:
        assert call(step(method=method))[0] == method.lower()

    def test_of_a_method_that_users_have_not_names_it(self) -> None:
        assert call(step(method="PURGE")) == ("request", ("PURGE", "/"), {})

    def test_expects_a_failure_that_was_recorded(self) -> None:
        assert call(step(status=404))[2] == {"expect": 404}
        assert call(step(status=302))[2] == {}

    def test_follows_as_the_command_did(self) -> None:
        assert call(step(follow=50))[2] == {"follow": 50}


class TestHeaders:
    def test_of_one_request_stand_at_it(self) -> None:
        assert call(step("https://shop/", "GET", ("X", "1")))[2] == {"headers": {"X": "1"}}

    def test_that_are_common_are_added_to_its_own(self) -> None:
        steps = [
            step("https://shop/", "GET", ("X", "1"), ("Y", "1")),
            step("https://shop/", "GET", ("X", "1"), ("Y", "2")),
        ]
        _, calls = played(write_scenario(steps, title="x"))
        assert [options["headers"] for _, _, options in calls] == [
            {"X": "1", "Y": "1"}, {"X": "1", "Y": "2"},
        ]  # fmt: skip

    def test_of_one_name_are_joined(self) -> None:
        fields = (("X", "1"), ("X", "2"), ("Cookie", "a=1"), ("Cookie", "b=2"))
        assert call(step("https://shop/", "GET", *fields))[2]["headers"] == {
            "X": "1, 2", "Cookie": "a=1; b=2",
        }  # fmt: skip


class TestBody:
    @pytest.mark.parametrize(
        ("kind", "body", "options"),
        [
            (JSON, b'{"a": true}', {"json": {"a": True}}),
            (JSON, b"[]", {"json": []}),
            (JSON, b"0", {"json": 0}),
            # What would come out as other bytes stands as it is.
            (JSON, b"null", {"data": "null", "headers": dict([JSON])}),
            (JSON, b'{"a":1,"a":2}', {"data": '{"a":1,"a":2}'}),
            (JSON, b'{"a":"\\u00e4"}', {"data": '{"a":"\\u00e4"}'}),
            (JSON, b'{"a":1e999}', {"data": '{"a":1e999}'}),
            (JSON, b"[" * 300 + b"]" * 300, {"data": "[" * 300 + "]" * 300}),
            (JSON, b"{broken", {"data": "{broken", "headers": dict([JSON])}),
            (FORM, b"a=1&b=x+y", {"data": {"a": "1", "b": "x y"}}),
            (FORM, b"a=1&a=2", {"data": "a=1&a=2"}),
            (FORM, b"a=%7e", {"data": "a=%7e"}),
            (FORM, b"plain", {"data": "plain"}),
            (("content-type", "text/csv"), b"1,2", {"data": "1,2",
                                                    "headers": {"content-type": "text/csv"}}),
            (("Content-Type", "x/y"), b"\xff\x00", {"data": b"\xff\x00",
                                                    "headers": {"Content-Type": "x/y"}}),
        ],
    )  # fmt: skip
    def test_is_written_so_that_the_same_bytes_go_out(
        self, kind: tuple[str, str], body: bytes, options: dict[str, Any]
    ) -> None:
        assert call(step("https://shop/", "POST", kind, body=body))[2] == options

    def test_without_a_type_is_written_too(self) -> None:
        assert call(step(method="POST", body=b'{"a": 1}'))[2] == {"json": {"a": 1}}

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            (JSON, b'{"a":[true,null,"\xc3\xa4",1.5]}'),
            (JSON, b'{"a":1,"a":2}'),
            (JSON, b"null"),
            (("content-type", "application/json; charset=utf-8"), b"{}"),
            (FORM, b"a=1&b=x+y&c="),
            (FORM, b"a=%7e&a=2"),
            (FORM, b'{"a":1}'),
            (("Content-Type", "image/png"), b"\x89PNG"),
        ],
    )
    def test_goes_out_when_it_is_played_as_the_recorded_request_would(
        self, kind: tuple[str, str], body: bytes
    ) -> None:
        recorded = step("https://shop/a?b=1", "POST", ("X", "1"), kind, body=body)
        name, (url,), given = call(recorded)
        options: Any = given  # they come from code that was read as text
        url = absolute("https://shop", url)
        played_again = prepare(name.upper(), url, options, keep_alive=True)
        assert lines(played_again.data(b"")) == lines(
            RequestMaker(recorded.request, Draw(0, 1, random.Random(1))).make()
        )

    @given(st.text(), st.text(st.characters(exclude_categories=["Cs", "Cc"])))
    def test_and_headers_of_any_text_come_back(self, body: str, value: str) -> None:
        raw = body.encode("utf-8", "replace")
        _, _, options = call(
            step("https://shop/", "POST", ("Content-Type", "text/plain"), ("X", value), body=raw)
        )
        assert options["headers"]["X"] == value
        assert options.get("data", "").encode() == raw
