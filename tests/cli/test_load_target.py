from pathlib import Path

import pytest

from hedgerow.cli.load_target import split, target_of
from hedgerow.errors import ConfigError

URL = "http://a.example/"


def parts(*words: str) -> tuple[str, tuple[str, ...]]:
    return split("find", words, example="hedgerow find URL")


class TestWords:
    def test_are_a_target(self) -> None:
        assert parts(URL) == (URL, ())

    def test_may_name_a_server_after_two_dashes(self) -> None:
        assert parts(URL, "--", "app", "--", "-x") == (URL, ("app", "--", "-x"))

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ((), "find = 'nothing'.*hedgerow find URL"),
            (("--", "app"), "given a URL or a scenario"),
            ((URL, "app"), "goes after --"),
            ((URL, "--"), "followed by a server's command line"),
        ],
    )
    def test_that_say_too_little_or_too_much_are_refused(
        self, words: tuple[str, ...], told: str
    ) -> None:
        with pytest.raises(ConfigError, match=told):
            parts(*words)


class TestTarget:
    def test_is_a_url(self) -> None:
        target = target_of(URL)
        assert (target.text, target.scenario) == (URL, None)

    def test_is_a_scenario_with_its_options(self, tmp_path: Path) -> None:
        file = tmp_path / "shop.py"
        file.write_text("options = {'users': 7}\nasync def run(user): pass\n")
        target = target_of(str(file))
        assert target.scenario is not None
        assert target.options.users == 7
