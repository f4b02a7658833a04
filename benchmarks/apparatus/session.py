"""A run of an experiment, from the shell's point of view: how it ends and what it leaves.

Whatever ends it, the programs that were started are stopped first (they live in
``with`` blocks), and the rounds that were finished are still reported.
"""

import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

from benchmarks.apparatus.processes import DidNotStartError, raise_descriptor_limit

FINE: Final = 0
NOT_RUN: Final = 1
INVALID: Final = 98  # it ran, but a row does not count
INTERRUPTED: Final = 130


class Session:
    """Holds the exit code that the run has earned so far."""

    def __init__(self) -> None:
        self.code = FINE

    @contextlib.contextmanager
    def trials(self) -> Iterator[None]:
        """Surround the trials: an end by Ctrl-C or by a program that did not start is kept."""
        raise_descriptor_limit()
        signal.signal(signal.SIGTERM, _leave)
        try:
            yield
        except KeyboardInterrupt:
            print("interrupted: the rounds so far")
            self.code = INTERRUPTED
        except DidNotStartError as error:
            print(error, file=sys.stderr)
            self.code = NOT_RUN

    def judge(self, *, valid: bool) -> int:
        """Give the exit code; an invalid row does not hide a worse end."""
        return self.code or (FINE if valid else INVALID)


def write_json(path: Path | None, result: dict[str, Any]) -> None:
    """Write the result where the user asked for it, if he did."""
    if path is not None:
        path.write_text(json.dumps(result, indent=1, default=str) + "\n")
        print(f"\nwritten: {path}")


def _leave(signum: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + signum)
