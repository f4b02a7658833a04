from pathlib import Path

import pytest

from hedgerow.serve.settings.reader import settings_from_text
from tests.serve.settings.samples import bare_refusal, has, read, refusal, route, route_refusal

SMART_PATH = 'path = "/smart/{timeout}"\n'
FROM_PATH = SMART_PATH + 'deadline = {from = "path.timeout"'
JSON = 'success = {body = "json"}\n'


class TestUpstreamOfARoute:
    def test_must_exist(self) -> None:
        message = route_refusal('upstream = "apo"')
        assert has(message, "[route 1] upstream = 'apo'", "Did you mean 'api'?")

    def test_is_listed_where_nothing_is_near(self) -> None:
        assert has(route_refusal('upstream = "zzz"'), "There are api.")


class TestRewrite:
    def test_uses_parameters_of_the_path(self) -> None:
        assert route('path = "/a/{x}"\nrewrite = "/b/{x}"').rewrite == "/b/{x}"

    def test_uses_no_others(self) -> None:
        message = route_refusal('path = "/a/{x}"\nrewrite = "/b/{y}"')
        assert has(message, "[route 1] rewrite = '/b/{y}'", "without {y}", "The path has {x}.")

    def test_of_a_prefix_is_a_prefix(self) -> None:
        message = route_refusal('path = "/files/"\nrewrite = "/static"')
        assert has(message, "rewrite = '/static'", "path = '/files/'", 'Write "/static/"')

    def test_of_a_prefix_with_parameters_is_refused(self) -> None:
        message = route_refusal('path = "/{x}/"\nrewrite = "/b/"')
        assert has(message, "rewrite = '/b/'", "left out", "/{x}/")


class TestDeadline:
    def test_from_the_path_needs_the_parameter(self) -> None:
        message = route_refusal('deadline = {from = "path.timeout"}')
        assert has(message, "deadline.from = 'path.timeout'", "/ has no {timeout}", "into path")

    @pytest.mark.parametrize(("name", "value"), [("unit", '"s"'), ("min", '"1s"'), ("max", '"2s"')])
    def test_has_bounds_only_where_it_is_asked_for(self, name: str, value: str) -> None:
        message = route_refusal(f'deadline = {{honours = "off", {name} = {value}}}')
        assert has(message, f"deadline.{name} = ", value.strip('"'), "together with from")

    @pytest.mark.parametrize("name", ["unit", "max"])
    def test_has_bounds_for_fields_that_say_their_unit_and_only_shorten_it(self, name: str) -> None:
        value = {"unit": '"s"', "max": '"2s"'}[name]
        assert has(route_refusal(f"deadline = {{{name} = {value}}}"), "together with from")

    def test_has_a_minimum_where_a_field_may_shorten_it(self) -> None:
        assert route('deadline = {min = "1s"}').deadline.minimum == 1

    def test_has_a_unit_where_a_field_does_not_say_it(self) -> None:
        text = 'deadline = {honours = ["X-Wait"], unit = "s"}'
        assert route(text).deadline.unit == "s"

    def test_has_a_minimum_below_its_maximum(self) -> None:
        message = route_refusal(FROM_PATH + ', min = "2s", max = "1s"}')
        assert has(message, "deadline.min = '2s'", "at most max, 1s")

    def test_has_a_default_below_its_maximum(self) -> None:
        message = route_refusal(FROM_PATH + ', default = "2s", max = "1s"}')
        assert has(message, "deadline.default = '2s'", "at most max, 1s")

    def test_has_a_default_above_its_minimum(self) -> None:
        message = route_refusal(FROM_PATH + ', default = "1s", min = "2s"}')
        assert has(message, "deadline.default = '1s'", "at least min, 2s")

    def test_is_longer_than_that_of_one_attempt(self) -> None:
        message = route_refusal('deadline = {default = "1s", per_try = "1s"}')
        assert has(message, "deadline.per_try = '1s'", "below the longest deadline, 1s")

    def test_of_any_length_leaves_room_for_any_attempt(self) -> None:
        assert route(FROM_PATH + ', per_try = "60s"}').deadline.per_try == 60


class TestBodies:
    def test_of_a_route_are_no_longer_than_the_server_takes(self) -> None:
        message = refusal(
            '[server.limits]\nmax_body = "1MiB"\n[[route]]\npath = "/"\nmax_body = "2MiB"'
        )
        assert has(message, "[route 1] max_body = '2MiB'", "[server.limits], 1MiB")

    def test_that_must_be_json_are_held(self) -> None:
        assert has(route_refusal(JSON + "max_held = 0"), "max_held = 0", "at least 1", "json")

    def test_that_may_be_anything_need_not_be_held(self) -> None:
        assert route("max_held = 0").max_held == 0


class TestReplies:
    def test_have_json_or_text(self) -> None:
        message = route_refusal('replies.expired = {status = 504, json = 1, text = "x"}')
        assert has(message, "replies.expired.text = 'x'", "left out where there is json")

    @pytest.mark.parametrize("status", [204, 304])
    def test_have_no_body_where_the_status_has_none(self, status: int) -> None:
        message = route_refusal(f"replies.expired = {{status = {status}, json = {{a = 1}}}}")
        assert has(message, "replies.expired.json = {a = 1}", f"status {status}")

    def test_of_success_are_made_of_json(self) -> None:
        message = route_refusal("replies.success = {status = 200}")
        assert has(message, "replies.success", 'success.body = "json"')

    @pytest.mark.parametrize("situation", ["deadline_malformed", "deadline_too_short"])
    def test_about_the_deadline_need_one_that_is_asked_for(self, situation: str) -> None:
        message = route_refusal(f"replies.{situation} = {{status = 400}}")
        assert has(message, f"replies.{situation}", "deadline.from")

    def test_take_values_of_the_answer(self) -> None:
        reply = route(JSON + 'replies.success = {status = 200, json = ["{body.a}"]}').replies
        assert reply.success is not None

    def test_take_values_only_where_there_is_a_good_answer(self) -> None:
        message = route_refusal('replies.expired = {status = 504, json = {a = "{body.a}"}}')
        assert has(message, "replies.expired.json = '{body.a}'", "success only")

    @pytest.mark.parametrize("text", ["{body}", "it is {body.a}", "{body.}", "{body.a }{body.b}"])
    def test_take_values_only_whole(self, text: str) -> None:
        message = route_refusal(JSON + f'replies.success = {{status = 200, json = "{text}"}}')
        assert has(message, "replies.success.json", "exactly {body.NAME}", "{body.time}")

    def test_take_no_values_in_text(self) -> None:
        message = route_refusal(JSON + 'replies.success = {status = 200, text = "{body.a}"}')
        assert has(message, "replies.success.text = '{body.a}'", "value of json")


class TestTwoRoutes:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ('path = "/a"', 'path = "/a"'),
            ('path = "/a/{x}"', 'path = "/a/{y}"'),
            ('path = "/a"\nhost = "X.com"', 'path = "/a"\nhost = "x.com"'),
            ('path = "/a"\nmethods = ["GET", "PUT"]', 'path = "/a"\nmethods = ["PUT"]'),
        ],
        ids=["path", "parameter", "host", "method"],
    )
    def test_for_the_same_requests_are_refused(self, one: str, other: str) -> None:
        message = refusal(f"[[route]]\n{one}\n[[route]]\n{other}")
        assert has(message, "[route 2] path", "[route 1] has", "Change or remove")

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ('path = "/a"', 'path = "/a/"'),
            ('path = "/a"', 'path = "/a"\nhost = "x.com"'),
            ('path = "/a"\nmethods = ["GET"]', 'path = "/a"\nmethods = ["PUT"]'),
            ('path = "/a"\nmethods = ["GET"]', 'path = "/a"'),
        ],
        ids=["prefix", "host", "method", "other-methods"],
    )
    def test_for_different_requests_are_fine(self, one: str, other: str) -> None:
        assert len(read(f"[[route]]\n{one}\n[[route]]\n{other}").routes) == 2


class TestServerAndUpstream:
    def test_have_a_head_with_room_for_its_first_line(self) -> None:
        message = refusal('[server.limits]\nmax_head = "4KiB"')
        assert has(message, "max_request_line = '8KiB'", "at most max_head, 4KiB")

    def test_verify_only_what_is_encrypted(self) -> None:
        message = bare_refusal('[upstream.a]\nreplicas = ["http://a"]\nverify = false')
        assert has(message, "[upstream.a] verify = false", "no replica is https")

    def test_have_a_file_of_certificates_that_exists(self) -> None:
        message = bare_refusal('[upstream.a]\nreplicas = ["https://a"]\nca_file = "no.pem"')
        assert has(message, "[upstream.a] ca_file = 'no.pem'", "a file that exists")

    def test_have_certificates_only_where_they_are_used(self, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").touch()
        text = f'[upstream.a]\nreplicas = ["https://a"]\nca_file = "{tmp_path}/ca.pem"\n'
        assert settings_from_text(text).upstreams["a"].ca_file is not None
        assert has(bare_refusal(text + "verify = false"), "ca_file", "verify = false")
