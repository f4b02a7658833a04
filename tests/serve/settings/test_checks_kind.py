"""A route does one thing, and takes only what goes with it."""

from pathlib import Path

import pytest

from hedgerow.serve.settings import Settings
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.settings.show import show
from tests.serve.settings.samples import bare_refusal, has, read, route, route_refusal


def of(kind: str, path: str = "/") -> Settings:
    return settings_from_text(f'[[route]]\npath = "{path}"\n{kind}')


class TestARoute:
    def test_of_files_takes_a_directory(self, tmp_path: Path) -> None:
        root = of(f'root = "{tmp_path}"').routes[0].root
        assert root is not None
        assert root.dir == str(tmp_path)

    def test_of_files_wants_one_that_exists(self, tmp_path: Path) -> None:
        message = route_refusal(f'root = "{tmp_path}/nothing"')
        assert has(message, "[route 1] root", "a directory that exists")

    def test_of_files_is_for_a_prefix(self, tmp_path: Path) -> None:
        message = route_refusal(f'path = "/files"\nroot = "{tmp_path}"')
        assert has(message, "[route 1] path", "a prefix where there is root", '"/files/"')

    def test_that_redirects_takes_a_url(self) -> None:
        redirect = of('redirect = "https://www.example.com{path}"').routes[0].redirect
        assert redirect is not None
        assert (redirect.to, redirect.status) == ("https://www.example.com{path}", 308)

    @pytest.mark.parametrize("to", ["www.example.com", "//example.com/", "ftp://a", "/a b"])
    def test_that_redirects_wants_a_url_or_a_path(self, to: str) -> None:
        assert has(route_refusal(f'redirect = "{to}"'), "[route 1] redirect")

    def test_that_redirects_may_name_only_what_there_is(self) -> None:
        message = route_refusal('path = "/u/{user}"\nredirect = "/v/{usr}"')
        assert has(message, "without {usr}", "{user}", "{path}")

    @pytest.mark.parametrize("to", ["https://new.example{rest}", "https://{user}.example/"])
    def test_that_redirects_lets_no_client_write_the_host(self, to: str) -> None:
        message = route_refusal(f'path = "/u/{{user}}/"\nredirect = "{to}"')
        assert has(message, "not made of what a client writes")

    def test_that_redirects_wants_a_status_of_redirects(self) -> None:
        message = route_refusal('redirect = {to = "/b", status = 200}')
        assert has(message, "status", "301, 302, 303, 307 or 308")

    def test_that_responds_takes_a_reply(self) -> None:
        respond = of('respond = {status = 200, text = "fine"}').routes[0].respond
        assert respond is not None
        assert respond.text == "fine"

    def test_that_responds_has_no_values_of_an_answer(self) -> None:
        message = route_refusal('respond = {status = 200, json = {a = "{body.a}"}}')
        assert has(message, "respond.json", "there is no good answer")

    def test_that_answers_itself_names_no_upstream(self) -> None:
        assert route('redirect = "/b"').upstream == ""

    def test_does_one_thing(self) -> None:
        message = route_refusal('redirect = "/b"\nupstream = "api"')
        assert has(message, "redirect", "left out where there is upstream")

    def test_that_answers_itself_has_nothing_of_proxies(self) -> None:
        message = route_refusal('redirect = "/b"\nhedge = "off"')
        assert has(message, "hedge", "left out where there is redirect", "Remove it.")

    def test_needs_an_upstream_otherwise(self) -> None:
        message = bare_refusal('[[route]]\npath = "/"')
        assert has(message, "[route 1] upstream", "root, redirect or respond")

    def test_is_shown_as_it_can_be_read_again(self) -> None:
        settings = read('[[route]]\npath = "/a"\nredirect = {to = "/b", keep_query = false}')
        again = settings_from_text(show(settings))
        assert again.routes == settings.routes
