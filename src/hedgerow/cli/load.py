"""``hedgerow load``: load whose figures can be trusted, on a URL or by a scenario."""

import secrets
import sys
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from hedgerow.cli.load_flags import NO_FLAGS, LoadFlags
from hedgerow.cli.load_order import order_of, with_seed
from hedgerow.cli.load_plan import Target, is_scenario, plan_of, read_scenario
from hedgerow.cli.load_request import doubtful_words
from hedgerow.errors import ConfigError
from hedgerow.load.order import Order
from hedgerow.load.plan import LoadPlan, RequestPlan
from hedgerow.load.scenario_options import read_options

_SEEDS: Final = 1_000_000


def load(
    *words: Annotated[
        str,
        Parameter(
            name="TARGET",
            help="a URL, or a scenario in Python; after -- a server to start first",
        ),
    ],
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
    text, server = _split(words)
    target = _target(text)
    plan, words = plan_of(target, flags), tuple(sys.argv[1:])
    if flags.machine.seed is None:
        # Another one in each run: e-mail addresses that were unique stay so the next time.
        plan = msgspec.structs.replace(plan, seed=secrets.randbelow(_SEEDS))
        words = with_seed(words, plan.seed)
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


def _split(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Take the target and the server's command line apart."""
    place = words.index("--") if "--" in words else len(words)
    ours, server = words[:place], words[place + 1 :]
    if len(ours) == 1 and (server or place == len(words)):
        return ours[0], server
    if not ours:
        raise ConfigError(
            "load",
            got="nothing",
            must="given a URL or a scenario",
            fix="Write for example hedgerow load http://127.0.0.1:8080/.",
        )
    if len(ours) > 1:
        raise ConfigError(
            "load",
            got=" ".join(ours),
            must="given one URL or scenario",
            fix="A server to start goes after --, several URLs into a scenario.",
        )
    raise ConfigError(
        "--", got="nothing", must="followed by a server's command line", fix="Or leave it out."
    )


def _target(text: str) -> Target:
    if not is_scenario(text):
        return Target(text)
    from hedgerow.load.generator.scenario import load_scenario

    scenario = read_scenario(text)
    module = load_scenario(scenario.source, scenario.name)
    return Target(text, scenario, read_options(module.options, scenario.name))


def _doubtful(plan: LoadPlan) -> dict[str, str]:
    return doubtful_words(plan.work) if isinstance(plan.work, RequestPlan) else {}
