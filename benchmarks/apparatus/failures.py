"""What went wrong in the trials of one contender, in words: such a row does not count."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

_WORDS: Final = {
    "connect": "connection refused or failed",
    "read": "broken while reading",
    "write": "broken while writing",
    "timeout": "no answer within wrk's timeout",
    "status": "a status above 399",
}


def in_words(errors: Iterable[Mapping[str, int]], *, wrong_answer: str) -> list[str]:
    """Add up what each trial met, by wrk's names; ``wrong_answer`` is what "answer" means."""
    kinds: Counter[str] = Counter()
    for of_trial in errors:
        kinds.update(of_trial)
    words = _WORDS | {"answer": wrong_answer}
    return [f"{count} x {words[kind]}" for kind, count in kinds.items()]
