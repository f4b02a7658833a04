"""Under which circumstances it was measured: the plan, the command, the generator, the machine."""

from collections.abc import Callable, Sequence

from hedgerow.report.document import Config, Document, Generator, Machine
from hedgerow.report.page import figures, tables
from hedgerow.report.page.markup import Child, Html, tag
from hedgerow.report.page.runs import Run

Facts = list[tuple[str, str]]


def circumstances(runs: Sequence[Run]) -> list[Html]:
    """The sections about how it was measured."""
    return [
        tag("section", tag("h2", "Generator"), _listed(runs, "Generator", generator_facts),
            id="generator"),
        tag("section", tag("h2", "Plan"), *_commands(runs), _listed(runs, "Plan", plan_facts),
            id="plan"),
        machine(runs),
    ]  # fmt: skip


def machine(runs: Sequence[Run]) -> Html:
    """The section about where the load came from."""
    listed = _listed(runs, "Machine", machine_facts)
    return tag("section", tag("h2", "Machine"), listed, id="machine")


def plan_facts(document: Document) -> Facts:
    """What was asked for."""
    config = document.config
    return [
        ("Target", document.target),
        ("Model", _model(config)),
        ("Rate", config.rate and f"{config.rate} a second"),
        ("Stages", config.stages),
        ("Users", _known(config.users)),
        ("Ramp-up", _lasting(config.ramp_up_s)),
        ("Think time", config.think_time),
        ("Iterations of each user", _known(config.iterations)),
        ("Connections", _known(config.connections)),
        ("Duration", _lasting(config.duration_s or 0.0)),
        ("Requests", _known(config.requests)),
        ("Warm-up", _lasting(config.warm_up_s)),
        ("Timeout", _lasting(config.timeout_s)),
        ("Connections are kept", "yes" if config.keep_alive else "no"),
        ("Scenario", config.scenario),
        ("Generator processes", figures.count(config.processes)),
        ("Machines", figures.count(config.shards) if config.shards > 1 else ""),
        ("Seed", str(config.seed)),
    ]


def generator_facts(document: Document) -> Facts:
    """Whether it was well, and what it cost."""
    generator = document.generator
    lag = generator.loop_lag_us
    requests = document.requests.total
    each = generator.cpu_seconds / requests if requests else 0.0
    return [
        (
            "CPU of a process",
            f"{generator.cpu_mean:.0%} on average, {generator.cpu_max:.0%} at most",
        ),
        ("CPU time", figures.seconds(generator.cpu_seconds) if generator.cpu_seconds else ""),
        ("CPU time a request", figures.seconds(each) if each else ""),
        ("Event loop woke late", _loop_lag(lag.p99, lag.max) if lag.count else ""),
        ("Longest pause for garbage", _lasting(generator.gc_pause_max_s)),
        ("CPU stolen by the hypervisor", f"{figures.share(generator.steal_max)} at most"),
        ("Throttled by a CPU quota", _lasting(generator.throttled_s) or "never"),
        ("Machine idle", _at_least(generator.idle_min)),
        ("Little's law", _gap(generator.littles_law_gap)),
        ("Memory", figures.size(generator.memory) if generator.memory else ""),
        ("Processes", figures.count(generator.processes)),
        ("Missing shards", _missing(generator)),
        ("Shards began within", _lasting(generator.start_spread_s or 0.0)),
        ("Connections opened", figures.count(document.connections_opened)),
    ]


def machine_facts(document: Document) -> Facts:
    """Where the load came from."""
    machine: Machine = document.machine
    return [
        ("System", machine.system),
        ("CPU", machine.cpu),
        ("Cores", _known(machine.cores or None)),
        ("Memory", figures.size(machine.memory) if machine.memory else ""),
        ("Python", machine.python),
        ("Tool", document.tool),
    ]


def _listed(runs: Sequence[Run], title: str, facts: Callable[[Document], Facts]) -> Html:
    """A list of one run's facts; a table where there are several runs."""
    if len(runs) == 1:
        return tables.facts(facts(runs[0].document))
    all_facts = [dict(facts(run.document)) for run in runs]
    rows: list[list[tables.Content]] = [
        [name, *(known[name] or figures.NONE for known in all_facts)]
        for name in all_facts[0]
        if any(known[name] for known in all_facts)
    ]
    return tables.table(title, tables.words("", *(run.name for run in runs)), rows)


def _commands(runs: Sequence[Run]) -> list[Html]:
    return [_command(run, len(runs) > 1) for run in runs if run.document.config.command]


def _command(run: Run, is_named: bool) -> Html:
    name = f"To measure {run.name} again:" if is_named else "To measure it again:"
    return command(run.document.config.command, name)


def command(words: str, about: Child) -> Html:
    """A command line, and a button that copies it."""
    copy = tag("button", "Copy", type="button", class_="copy", data_copy=words)
    return tag(
        "div",
        tag("p", about, class_="note"),
        tag("div", tag("pre", tag("code", words), tabindex="0"), copy, class_="command"),
    )


def _model(config: Config) -> str:
    if config.model == "closed":
        return "closed: users wait for their answer before they ask again"
    spacing = f", {config.arrivals} arrivals" if config.arrivals else ""
    return f"open: requests come when they are due{spacing}"


def _known(value: int | None) -> str:
    return "" if value is None else figures.count(value)


def _lasting(value: float) -> str:
    return figures.seconds(value) if value else ""


def _loop_lag(p99: int, most: int) -> str:
    return f"p99 {figures.microseconds(p99)}, at most {figures.microseconds(most)}"


def _at_least(share: float | None) -> str:
    return "" if share is None else f"{figures.share(share)} at least"


def _gap(gap: float | None) -> str:
    return "" if gap is None else f"explains all but {figures.share(gap)} of the users' time"


def _missing(generator: Generator) -> str:
    numbers = ", ".join(map(str, generator.missing_shards))
    return "; ".join([numbers, *generator.lost_because]) if numbers else ""
