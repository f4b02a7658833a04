"""What is asked of a run besides its plan: promises, who watches, and the plan in words.

Must not know how an order is carried out.
"""

import re
import secrets
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hedgerow.cli.load_flags import LoadFlags, MachineFlags
from hedgerow.cli.load_plan import Target
from hedgerow.errors import ConfigError
from hedgerow.load.cluster.address import ClusterAddress
from hedgerow.load.order import Order
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan, Scenario, Stage, ThinkTime
from hedgerow.measure.slo import Slo, parse_slo
from hedgerow.report.document import Config
from hedgerow.units import format_duration

_HIDDEN: Final = "***"
_SEEDS: Final = 1_000_000
_SECRET_FLAG: Final = re.compile(r"(-a|-H|--auth|--header)(=?)(.+)", re.DOTALL)
#: Names of fields whose values open doors.
_SECRET_NAME: Final = re.compile(
    r"(?:proxy-)?authorization|cookie|[\w-]*(?:token|api-?key|secret|password)[\w-]*",
    re.IGNORECASE,
)
_USER_IN_URL: Final = re.compile(r"(?<=://)([^/@:\s]+):[^/@\s]+@")


def order_of(target: Target, flags: LoadFlags, plan: LoadPlan, words: Sequence[str]) -> Order:
    """Make the order for a plan; ``words`` are the command line's, for whoever repeats it."""
    slos = tuple(parse_slo(text) for text in flags.judging.slo or target.options.slo)
    return Order(
        plan=plan,
        config=config_of(plan, command(words)),
        name=flags.output.name or "",
        target=_shown_target(plan),
        slos=slos,
        abort_on_fail=_abort_on_fail(target, flags, slos),
        cluster=_cluster(flags.machine),
        cluster_tls=_cluster_tls(flags.machine),
        jtl=_jtl(flags),
    )


def _abort_on_fail(target: Target, flags: LoadFlags, slos: tuple[Slo, ...]) -> bool:
    if flags.judging.abort_on_fail and not slos:
        raise ConfigError(
            "--abort-on-fail", got="set", must="given with --slo", fix="Add --slo 'errors<1%'."
        )
    return flags.judging.abort_on_fail or target.options.abort_on_fail


def _shown_target(plan: LoadPlan) -> str:
    if isinstance(plan.work, Scenario):
        return f"{plan.work.name} {plan.base_url}".strip()
    return _USER_IN_URL.sub(rf"\1:{_HIDDEN}@", plan.work.url)


# --- a cluster ---


def _cluster(flags: MachineFlags) -> str:
    text = flags.cluster or "local"
    if text != "local":
        ClusterAddress.parse(text)
    return text


def _jtl(flags: LoadFlags) -> Path | None:
    if flags.output.jtl is None:
        return None
    if _cluster(flags.machine) != "local":
        raise ConfigError(
            "--jtl",
            got=flags.output.jtl,
            must="left out with --cluster",
            fix="Machines send histograms and sums and not every request, which would be load of"
            " its own: use --hdr or --csv, or run hedgerow load --jtl on one machine.",
        )
    return Path(flags.output.jtl)


def _cluster_tls(flags: MachineFlags) -> tuple[str, str, str] | None:
    if flags.cluster_tls is None:
        return None
    if _cluster(flags) == "local":
        raise ConfigError(
            "--cluster-tls",
            got=flags.cluster_tls,
            must="given with --cluster dask://...",
            fix="Add the address of the scheduler.",
        )
    files = [name.strip() for name in flags.cluster_tls.split(",")]
    missing = next((name for name in files if not Path(name).is_file()), None)
    if len(files) != 3 or missing is not None:
        raise ConfigError(
            "--cluster-tls",
            got=flags.cluster_tls,
            must="three files, CA,CERT,KEY",
            fix=f"There is no file {missing}." if missing else "Put commas between them.",
        )
    ca, certificate, key = files
    return ca, certificate, key


# --- the plan in words ---


def config_of(plan: LoadPlan, command: str) -> Config:
    """Say in a reader's words what was asked for."""
    model = plan.model
    config = Config(
        command=command,
        duration_s=plan.duration,
        requests=plan.requests,
        warm_up_s=plan.warm_up,
        timeout_s=plan.timeout,
        keep_alive=plan.connecting.keep_alive,
        processes=plan.processes,
        seed=plan.seed,
        scenario=plan.work.name if isinstance(plan.work, Scenario) else "",
    )
    if isinstance(model, Closed):
        return msgspec.structs.replace(
            config,
            model="closed",
            users=model.users,
            connections=model.users if isinstance(plan.work, RequestPlan) else None,
            iterations=model.iterations,
            ramp_up_s=model.ramp_up,
            think_time=_think_time(model.think_time),
            stages=_stages(model.stages, ""),
        )
    ramp = f":{model.stages[0].target:g}" if len(model.stages) == 1 else ""
    return msgspec.structs.replace(
        config,
        model="open",
        arrivals=model.spacing,
        connections=model.max_connections,
        rate=f"{model.start_rate:g}{ramp}",
        stages=_stages(model.stages, "/s"),
    )


def _stages(stages: tuple[Stage, ...], unit: str) -> str:
    return " ".join(f"{format_duration(one.seconds)}:{one.target:g}{unit}" for one in stages)


def _think_time(think: ThinkTime) -> str:
    if not think.high:
        return ""
    low, high = format_duration(think.low), format_duration(think.high)
    return low if think.low == think.high else f"{low}..{high}"


def seeded(
    plan: LoadPlan, flags: MachineFlags, words: Sequence[str]
) -> tuple[LoadPlan, tuple[str, ...]]:
    """Draw a seed where none was given, and add it to the command line.

    Another one in each run: e-mail addresses that were unique stay so the next time.
    """
    if flags.seed is not None:
        return plan, tuple(words)
    drawn = msgspec.structs.replace(plan, seed=secrets.randbelow(_SEEDS))
    return drawn, with_seed(words, drawn.seed)


def with_seed(words: Sequence[str], seed: int) -> tuple[str, ...]:
    """Add the seed that was drawn to the command that repeats a run."""
    place = words.index("--") if "--" in words else len(words)
    return (*words[:place], "--seed", str(seed), *words[place:])


def command(words: Sequence[str]) -> str:
    """Write the command line so that it can be repeated, without what is secret in it."""
    return shlex.join(["hedgerow", *_without_secrets(words)])


def _without_secrets(words: Sequence[str]) -> Iterator[str]:
    before = ""
    for place, word in enumerate(words):
        if word == "--":
            yield from words[place:]  # the server's own words
            return
        yield _hidden(before, word)
        before = word


def _hidden(before: str, word: str) -> str:
    joined = _SECRET_FLAG.fullmatch(word)
    flag, prefix, value = joined.groups() if joined else (before, "", word)
    if flag in ("-a", "--auth", "-H", "--header"):
        name, colon, secret = value.partition(":")
        is_field = flag in ("-H", "--header")
        if colon and "{" not in secret and (not is_field or _SECRET_NAME.fullmatch(name.strip())):
            value = f"{name}: {_HIDDEN}" if is_field else f"{name}:{_HIDDEN}"
        return f"{flag if joined else ''}{prefix}{value}"
    return _USER_IN_URL.sub(rf"\1:{_HIDDEN}@", word)
