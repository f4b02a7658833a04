"""``hedgerow find``: the highest load that keeps a promise."""

import sys
from typing import Annotated

from cyclopts import Parameter

from hedgerow.cli.find_flags import NO_FLAGS, FindFlags, asked_of, vary_of
from hedgerow.cli.load_flags import OutputFlags
from hedgerow.cli.load_plan import Target, is_scenario, read_scenario
from hedgerow.errors import ConfigError
from hedgerow.load.scenario_options import read_options


def find(
    *words: Annotated[
        str,
        Parameter(
            name="TARGET",
            help="a URL, or a scenario in Python; after -- a server to start first",
        ),
    ],
    flags: Annotated[FindFlags, Parameter(name="*")] = NO_FLAGS,
) -> int:
    """The highest load that keeps a promise.

    Doubles the load until the promise breaks, narrows down where, confirms the
    answer over a longer time, and looks below and above it once more. Says
    "unstable" where a number would be made up. Adds errors<1% where no promise
    is about errors.

    For example:
        hedgerow find http://127.0.0.1:8080/ --slo 'p99<250ms'
        hedgerow find :8080/ --slo 'p99<1s' --slo 'errors<0.1%' --by users
        hedgerow find :8080/ --slo 'p95<100ms' --probe 20s --json find.json
        hedgerow find :8000/ --slo 'p99<50ms' --vary n=1,2,4,8 -- uvicorn app:app --workers {n}

    Exit codes:
        0    found, or kept even at --max
        1    could not run, or the target does not answer
        2    usage
        98   the load generator was the limit, not the server
        99   broken even at --min, or unstable
        130  interrupted (143 by SIGTERM): what is known so far is told
    """
    text, server = _split(words)
    asked = asked_of(_target(text), flags, sys.argv[1:])
    vary = vary_of(flags.search, server)
    # Only now: what runs is dear to import, and help and refusals are to be quick.
    from hedgerow.cli.find_run import FindJob, carry_out
    from hedgerow.cli.load_outputs import Outputs
    from hedgerow.cli.process import run
    from hedgerow.load.runner import Run

    Outputs(OutputFlags(json=flags.result.json)).check()
    job = FindJob(
        asked=asked,
        server=server,
        vary=vary,
        watch=flags.machine.watch,
        json=flags.result.json,
        quiet=flags.result.quiet,
    )
    return run(carry_out(job, Run))


def _split(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Take the target and the server's command line apart."""
    place = words.index("--") if "--" in words else len(words)
    ours, server = words[:place], words[place + 1 :]
    if len(ours) != 1:
        raise ConfigError(
            "find",
            got=" ".join(ours) or "nothing",
            must="given one URL or scenario",
            fix="Write for example hedgerow find http://127.0.0.1:8080/ --slo 'p99<250ms'.",
        )
    if place < len(words) and not server:
        raise ConfigError(
            "--", got="nothing", must="followed by a server's command line", fix="Or leave it out."
        )
    return ours[0], server


def _target(text: str) -> Target:
    if not is_scenario(text):
        return Target(text)
    from hedgerow.load.generator.scenario import load_scenario

    scenario = read_scenario(text)
    module = load_scenario(scenario.source, scenario.name)
    return Target(text, scenario, read_options(module.options, scenario.name))
