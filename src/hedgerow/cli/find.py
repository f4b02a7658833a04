"""``hedgerow find``: the highest load that keeps a promise."""

import sys
from typing import Annotated

from cyclopts import Parameter

from hedgerow.cli.find_flags import NO_FLAGS, FindFlags, asked_of, vary_of
from hedgerow.cli.load_flags import OutputFlags
from hedgerow.cli.load_target import Words, split, target_of


def find(
    *words: Words,
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
        hedgerow find :8080/ --slo 'p95<100ms' --probe 20s --html find.html
        hedgerow find :8000/ --slo 'p99<50ms' --vary n=1,2,4,8 -- uvicorn app:app --workers {n}

    Exit codes:
        0    found, or kept even at --max
        1    could not run, or the target does not answer
        2    usage
        98   the load generator was the limit, not the server
        99   broken even at --min, or unstable
        130  interrupted (143 by SIGTERM): what is known so far is told
    """
    example = "hedgerow find http://127.0.0.1:8080/ --slo 'p99<250ms'"
    text, server = split("find", words, example=example)
    asked = asked_of(target_of(text), flags, sys.argv[1:])
    vary = vary_of(flags.search, server)
    # Only now: what runs is dear to import, and help and refusals are to be quick.
    from hedgerow.cli.find_run import FindJob, carry_out
    from hedgerow.cli.load_outputs import Outputs
    from hedgerow.cli.process import run
    from hedgerow.load.runner import Run

    result = flags.result
    Outputs(OutputFlags(json=result.json, html=result.html)).check()
    job = FindJob(
        asked=asked,
        server=server,
        vary=vary,
        watch=flags.machine.watch,
        json=result.json,
        html=result.html,
        quiet=result.quiet,
    )
    return run(carry_out(job, Run))
