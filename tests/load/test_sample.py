import pytest

from hedgerow.errors import Failure
from hedgerow.load import Ending


class TestEnding:
    @pytest.mark.parametrize("failure", set(Failure) - {Failure.UNUSABLE}, ids=lambda f: f.value)
    def test_has_a_word_for_every_failure_of_the_wire(self, failure: Failure) -> None:
        assert Ending.of_failure(failure).value == failure.value
