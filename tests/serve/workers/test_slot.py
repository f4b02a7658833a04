"""How a worker ended, in words."""

import pytest

from hedgerow.serve.workers.slot import Ending


class TestEnding:
    @pytest.mark.parametrize(
        ("ending", "text"),
        [
            (Ending(3), "ended with code 3"),
            (Ending(None, 9), "was killed by SIGKILL"),
            (Ending(None, 62), "was killed by signal 62"),
        ],
    )
    def test_says_how(self, ending: Ending, text: str) -> None:
        assert ending.text == text
