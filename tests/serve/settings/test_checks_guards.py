"""Who may come in: what contradicts itself is told."""

from pathlib import Path

import pytest

from tests.serve.settings.samples import has, route, route_refusal


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text("x")
    return str(path)


class TestAuth:
    def test_is_by_password_or_token(self) -> None:
        assert has(route_refusal("auth = {}"), "[route 1] auth", "one of basic and jwt")

    def test_tells_nobody_where_nothing_is_sent_on(self, file: str) -> None:
        text = f'redirect = "/b"\nauth = {{basic = "{file}", user_field = "X-User"}}'
        assert has(route_refusal(text), "auth.user_field", "nothing is sent to an upstream")

    def test_takes_no_public_key_for_a_secret(self, file: str) -> None:
        text = f'auth = {{jwt = {{key = "{file}", algorithms = ["RS256", "HS256"]}}}}'
        assert has(route_refusal(text), "algorithms", "not both")

    def test_has_a_short_form_for_tokens(self, file: str) -> None:
        auth = route(f'auth = {{jwt = "{file}"}}').auth
        assert auth is not None
        assert auth.jwt is not None
        assert auth.jwt.key == file


class TestCors:
    @pytest.mark.parametrize("text", ['"*"', '["https://a.test", "https://b.test:8443"]'])
    def test_has_a_short_form(self, text: str) -> None:
        assert route(f"cors = {text}").cors is not None

    def test_lets_not_everybody_act_for_a_user(self) -> None:
        text = 'cors = {origins = "*", credentials = true}'.replace('"*"', '["*"]')
        assert has(route_refusal(text), "cors.origins", "name the origins")

    @pytest.mark.parametrize("origin", ["a.test", "https://a.test/", "https://a.test/x"])
    def test_wants_origins(self, origin: str) -> None:
        assert has(route_refusal(f'cors = ["{origin}"]'), "an origin as browsers send it")


class TestNetworks:
    def test_are_brought_to_one_form(self) -> None:
        assert route('allow = ["10.0.0.0/8", "192.0.2.7/32", "unix"]').allow == (
            "10.0.0.0/8",
            "192.0.2.7",
            "unix",
        )
