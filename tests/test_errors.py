import pytest

from hedgerow.errors import (
    ConfigError,
    Failure,
    HedgerowBug,
    HedgerowError,
    Overloaded,
    PeerError,
    StartError,
    UpstreamError,
)


def config_error(got: object = "0ms") -> ConfigError:
    return ConfigError(
        "hedgerow.toml [route.1] hedge.delay",
        got=got,
        must="at least 1ms",
        fix='To send no hedges, write hedge = "off".',
    )


EVERY_ERROR: list[HedgerowError] = [
    config_error(),
    StartError("port 8080", got="in use by pid 4312", must="free", fix="Use --port 8081."),
    PeerError(431, "too many header fields"),
    UpstreamError(Failure.RESET, "10.0.0.1:9000", "closed before the head"),
    Overloaded("upstream work", limit=64, retry_after=1.5),
    HedgerowBug("the impossible"),
]


class TestEveryError:
    @pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
    def test_can_be_caught_by_the_root(self, error: HedgerowError) -> None:
        with pytest.raises(HedgerowError):
            raise error

    @pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
    def test_says_one_line(self, error: HedgerowError) -> None:
        assert str(error)
        assert "\n" not in str(error)


class TestConfigError:
    @pytest.mark.parametrize("fact", ["[route.1] hedge.delay", "'0ms'", "at least 1ms", '"off"'])
    def test_names_the_thing_the_value_the_limit_and_the_fix(self, fact: str) -> None:
        assert fact in str(config_error())

    def test_tells_text_from_numbers(self) -> None:
        assert "= '8':" in str(config_error("8"))
        assert "= 8:" in str(config_error(8))

    def test_remembers_where(self) -> None:
        assert config_error().where == "hedgerow.toml [route.1] hedge.delay"

    def test_can_be_caught_as_a_value_error(self) -> None:
        assert isinstance(config_error(), ValueError)


class TestStartError:
    @pytest.mark.parametrize("fact", ["port 8080", "pid 4312", "must be free", "--port 8081"])
    def test_names_the_thing_the_trouble_the_limit_and_the_fix(self, fact: str) -> None:
        assert fact in str(EVERY_ERROR[1])

    def test_can_be_caught_as_an_os_error(self) -> None:
        assert isinstance(EVERY_ERROR[1], OSError)


class TestPeerError:
    def test_carries_the_status_to_answer_with(self) -> None:
        error = PeerError(431, "too many header fields")
        assert (error.status, error.detail, str(error)) == (
            431,
            "too many header fields",
            "too many header fields",
        )


class TestUpstreamError:
    def test_names_the_upstream_and_how_it_failed(self) -> None:
        error = UpstreamError(Failure.CONNECT, "10.0.0.1:9000", "refused")
        assert str(error) == "10.0.0.1:9000: connect: refused"
        assert error.failure is Failure.CONNECT

    def test_can_be_caught_as_an_os_error(self) -> None:
        assert isinstance(UpstreamError(Failure.RESET, "up", "gone"), OSError)


class TestOverloaded:
    @pytest.mark.parametrize("fact", ["upstream work", "64", "1.5s"])
    def test_names_the_limit_and_when_to_come_back(self, fact: str) -> None:
        assert fact in str(Overloaded("upstream work", limit=64, retry_after=1.5))

    def test_carries_when_to_come_back(self) -> None:
        assert Overloaded("x", limit=1, retry_after=2.0).retry_after == 2.0
