"""``hedgerow load``: load whose figures can be trusted, on a URL or by a scenario."""

import sys
from typing import Annotated

import msgspec
from cyclopts import Parameter

from hedgerow.cli.load_flags import NO_FLAGS, LoadFlags
from hedgerow.cli.load_order import order_of, seeded
from hedgerow.cli.load_plan import plan_of
from hedgerow.cli.load_request import doubtful_words
from hedgerow.cli.load_target import Words, split, target_of
from hedgerow.load.order import Order
from hedgerow.load.plan import LoadPlan, RequestPlan


def load(
    *words: Words,
    flags: Annotated[LoadFlags, Parameter(name="*")] = NO_FLAGS,
) -> int:
    """Load whose figures can be trusted, and a page to show them.

    Response times count from when a request was due, not from when it could be
    sent, and the result says whether the measurement itself can be trusted.

    For example:
        hedgerow load http://127.0.0.1:8080/ -c 100 -d 30s -w 2
        hedgerow load http://127.0.0.1:8080/ -R 2k -d 1m --slo 'p99<250ms'
        hedgerow load http://127.0.0.1:8080/ -R 100:1k -d 5m --html page.html
        hedgerow load :8080/users -n 10k --json-body '{"email": "{email}"}'
        hedgerow load :8080 -u 100 --ramp-up 30s -i 20 --jtl results.jtl
        hedgerow load :8080 -s 30s:100 -s 2m:100 -s 30s:0 --watch :8080
        hedgerow load shop.py --base-url http://127.0.0.1:8080 -u 50 -d 1m
        hedgerow load :8000/ -c 64 -- uvicorn app:app --workers 2

    Exit codes:
        0    fine
        1    could not run, or not one good answer
        2    usage
        98   the measurement cannot be trusted (with --strict; before 99, as
             its figures say nothing about promises)
        99   a promise (--slo) is broken
        130  interrupted (143 by SIGTERM): the figures so far are reported
    """
    text, server = split("load", words, example="hedgerow load http://127.0.0.1:8080/")
    target = target_of(text)
    plan, words = seeded(plan_of(target, flags), flags.machine, sys.argv[1:])
    order = order_of(target, flags, plan, words)
    if flags.output.show_plan:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(plan), indent=2).decode() + "\n")
        return 0
    return _carried_out(order, server, flags)


def _carried_out(order: Order, server: tuple[str, ...], flags: LoadFlags) -> int:
    # Only now: what runs is dear to import, and help and refusals are to be quick.
    from hedgerow.cli.load_outputs import Outputs
    from hedgerow.cli.load_run import Job, carry_out
    from hedgerow.cli.process import announce, run
    from hedgerow.load.runner import Run

    outputs = Outputs(flags.output)
    outputs.check()
    for found, meant in _doubtful(order.plan).items():
        announce(f"{found} is sent as it is. Did you mean {meant}?")
    job = Job(
        order=order,
        outputs=outputs,
        server=server,
        watch=flags.machine.watch,
        strict=flags.judging.strict,
        quiet=flags.output.quiet,
        plain=flags.output.plain,
        full_latency=flags.output.latency,
    )
    return run(carry_out(job, Run))


def _doubtful(plan: LoadPlan) -> dict[str, str]:
    return doubtful_words(plan.work) if isinstance(plan.work, RequestPlan) else {}
