"""``hedgerow``: the verbs, and how errors become exit codes.

Verbs are imported only when they are called, so that ``hedgerow --help`` is quick and
one verb never pays for another.

Exit codes: 0 fine, 1 could not run, 2 usage or settings, 130 and 143 interrupted.
"""

import os
import sys
from collections.abc import Sequence
from typing import Final

import cyclopts

import hedgerow
from hedgerow.errors import ConfigError, HedgerowError

FINE: Final = 0
COULD_NOT_RUN: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

app = cyclopts.App(
    name="hedgerow",
    help="""Keeps an HTTP service's latency promise when what it depends on is slow, failing or
overloaded, and measures that it does.

For example:

    hedgerow demo

    hedgerow flaky -p 9000

    hedgerow serve http://127.0.0.1:9000 -p 8080 --hedge-delay 300ms --same-replica

    hedgerow serve -c hedgerow.toml --check
""",
    help_format="markdown",
    version=hedgerow.__version__,
    version_flags=["--version", "-V"],
)
app.command(
    "hedgerow.cli.serve:serve",
    name="serve",
    help="A reverse proxy that hedges slow requests and keeps deadlines.",
)
app.command(
    "hedgerow.cli.flaky:flaky",
    name="flaky",
    help="An upstream that misbehaves on purpose.",
)
app.command(
    "hedgerow.cli.demo:demo",
    name="demo",
    help="One minute: the same users call the same unreliable upstream, with and without us.",
)


def main(words: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its code."""
    sys.exit(run(sys.argv[1:] if words is None else words))


def run(words: Sequence[str]) -> int:
    """Run one verb and return its exit code; errors are told on stderr."""
    try:
        code = app(
            list(words), exit_on_error=False, print_error=False, result_action="return_value"
        )
    except cyclopts.CycloptsError as error:
        verb = words[0] + " " if words and not words[0].startswith("-") and words[0] in app else ""
        _tell(f"{error}\nSee hedgerow {verb}--help.")
        return USAGE
    except ConfigError as error:
        _tell(str(error))
        return USAGE
    except HedgerowError as error:
        _tell(str(error))
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    return code if isinstance(code, int) else FINE


def _tell(text: str) -> None:
    sys.stderr.write(f"hedgerow: {text}\n")
