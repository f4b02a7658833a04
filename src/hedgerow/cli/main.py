"""``hedgerow``: the verbs, and how errors become exit codes.

Verbs are imported only when they are called, so that ``hedgerow --help`` is quick and
one verb never pays for another.

Exit codes: 0 fine, 1 could not run, 2 usage or settings, 98 a measurement that cannot be
trusted (where it must be), 99 a broken promise, 130 and 143 interrupted.
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

#: Each verb's function, and its line in ``hedgerow --help``.
VERBS: Final = {
    "serve": (
        "hedgerow.cli.serve:serve",
        "A reverse proxy that hedges slow requests and keeps deadlines.",
    ),
    "load": (
        "hedgerow.cli.load:load",
        "Load whose figures can be trusted, and a page to show them.",
    ),
    "find": ("hedgerow.cli.find:find", "The highest load that keeps a promise."),
    "tune": ("hedgerow.cli.tune:tune", "The best hedge settings, from an access log."),
    "simulate": (
        "hedgerow.cli.simulate:simulate",
        "What a rule of hedging does to latency and load, without a load test.",
    ),
    "flaky": (
        "hedgerow.cli.flaky:flaky",
        "An upstream that misbehaves on purpose.",
    ),
    "scenario": (
        "hedgerow.cli.scenario:scenario",
        "A curl command or a browser's recording (HAR) as a scenario for load.",
    ),
    "report": (
        "hedgerow.cli.report:report",
        "One self-contained page from one result or several.",
    ),
    "demo": (
        "hedgerow.cli.demo:demo",
        "One minute: the same users call the same unreliable upstream, with and without us.",
    ),
}

#: From this word on all words are another program's: they are handed on as they are.
_ANOTHER_PROGRAM: Final = {"load": "--", "find": "--", "scenario": "curl"}

_HELP: Final = """Keeps an HTTP service's latency promise when what it depends on is slow,
failing or overloaded, and measures that it does.

For example:
    hedgerow demo
    hedgerow flaky -p 9000
    hedgerow serve http://127.0.0.1:9000 --hedge-delay 300ms --same-replica
    hedgerow serve -c hedgerow.toml --check
"""


def _app(verb: str) -> cyclopts.App:
    """Make the command line; only ``verb`` speaks for itself, the others are not imported."""
    app = cyclopts.App(
        name="hedgerow",
        help=_HELP,
        help_format="plaintext",
        version=hedgerow.__version__,
        version_flags=["--version", "-V"],
    )
    for name, (function, summary) in VERBS.items():
        # A summary given here would hide the verb's own docstring, and its examples.
        app.command(function, name=name, help=None if name == verb else summary)
    return app


def main(words: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its code."""
    sys.exit(run(sys.argv[1:] if words is None else words))


def run(words: Sequence[str]) -> int:
    """Run one verb and return its exit code; errors are told on stderr."""
    verb = words[0] if words else ""
    try:
        code = _app(verb)(
            _marked(verb, words),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()  # here, where a reader that has gone is no surprise
    except cyclopts.CycloptsError as error:
        _tell(f"{error}\nSee hedgerow {verb + ' ' if verb in VERBS else ''}--help.")
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


def _marked(verb: str, words: Sequence[str]) -> list[str]:
    """Write -- before another program's words: it is taken away again, and ends our flags."""
    first = _ANOTHER_PROGRAM.get(verb)
    if first is None or first not in words:
        return list(words)
    place = list(words).index(first)
    return [*words[:place], "--", *words[place:]]


def _tell(text: str) -> None:
    sys.stderr.write(f"hedgerow: {text}\n")
