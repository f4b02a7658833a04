import re

import pytest

from hedgerow.serve.settings.reader import settings_from_text
from scripts.make_settings_page import PAGE, page

EXAMPLES = re.findall(r"```toml\n(.*?)```", page(), re.DOTALL)


class TestPage:
    def test_is_what_the_declarations_say(self) -> None:
        written = PAGE.read_text(encoding="utf-8")
        assert written == page(), "run: python scripts/make_settings_page.py"

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_has_examples_that_are_fine(self, example: str) -> None:
        assert settings_from_text(example).routes

    def test_has_no_cell_that_breaks_its_table(self) -> None:
        rows = [line for line in page().splitlines() if line.startswith("| `")]
        assert {row.count("|") for row in rows} == {3, 5}
