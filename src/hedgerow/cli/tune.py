"""``hedgerow tune``: the best delay and probability of hedges, from logged latencies."""

import random
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

from cyclopts import Parameter

from hedgerow.cli.tune_flags import NO_FLAGS, Asked, TuneFlags, asked_of
from hedgerow.cli.tune_input import gather_logs
from hedgerow.errors import ConfigError
from hedgerow.lab.logs.gather import Gathered
from hedgerow.policy.tuning_advice import Advice, Interval, advise, bootstrap, what_if
from hedgerow.policy.tuning_laws import Latencies, Paired, latencies_of


def tune(
    *logs: Annotated[
        str,
        Parameter(
            help="access logs, .gz or not; - is standard input",
            allow_leading_hyphen=True,
            show_default=False,
        ),
    ],
    flags: Annotated[TuneFlags, Parameter(name="*")] = NO_FLAGS,
) -> int:
    """The best delay and probability of hedges, from logged latencies.

    Reads how long requests took and works out when a copy should go out so that a
    percentile becomes as small as a load budget allows. Prints the tail before and
    after, what would change the answer, and the line of settings to paste. Reads
    our own access log, nginx's and Envoy's (text or JSON), JTL files, results of
    hedgerow load, and one number a line.

    For example:
        hedgerow tune access.log --budget 5% --target p99
        hedgerow tune access.log.1.gz access.log --by path --top 5
        hedgerow tune nginx.log --format '"$request" $status $request_time'
        zcat access.log.*.gz | hedgerow tune - --target p99.9
        hedgerow tune latencies.txt --unit us --correlation 0.5

    Exit codes:
        0    told
        1    a log cannot be read
        2    usage, or a log whose lines are not understood
    """
    asked = asked_of(flags)
    if not logs:
        fix = "Write hedgerow tune access.log, or - for standard input."
        raise ConfigError("ACCESS_LOG", got="", must="one log or more", fix=fix)
    gathered = Gathered(
        by_route=asked.routes > 0, methods=asked.methods, randomness=random.Random(asked.seed)
    )
    forms = gather_logs(logs, asked.form, gathered)
    for line in _report(logs, forms, gathered, asked):
        sys.stdout.write(line + "\n")
    return 0


def _report(
    logs: Sequence[str], forms: Sequence[str], gathered: Gathered, asked: Asked
) -> Iterator[str]:
    # Only now: the reader of settings is dear to import, and help and refusals are to be quick.
    from hedgerow.cli import tune_text as text
    from hedgerow.cli.tune_settings import settings_lines

    yield from text.opening(logs, forms, gathered)
    latencies = _latencies(gathered, asked)
    advice = advise(latencies, asked.goal)
    yield ""
    if advice.ladder:
        yield from text.ladder(advice, asked.target)
        yield ""
    yield from text.before_and_after(advice)
    yield ""
    if advice.helps:
        best, quantile = advice.best.point, asked.goal.quantile
        yield from text.cases(what_if(latencies, best, advice.budget, quantile), asked.target)
        yield ""
    yield from _routes(gathered, asked)
    for warning in text.warnings(advice, gathered, latencies, asked.target):
        yield f"Beware: {warning}."
    yield _assumption(latencies, asked)
    yield text.answer(advice, asked.target, _intervals(latencies, advice, asked))
    yield ""
    yield from settings_lines(advice)


def _latencies(gathered: Gathered, asked: Asked) -> Latencies:
    if not gathered.total.count:
        raise ConfigError(
            "ACCESS_LOG",
            got="no request that counts",
            must="a log with successful requests whose methods are hedged",
            fix="Are they other methods? Add --method all.",
        )
    primary = gathered.total.empirical()
    if gathered.pairs and not asked.correlation:
        return Paired(gathered.pairs, primary)
    return latencies_of(primary, asked.correlation)


def _routes(gathered: Gathered, asked: Asked) -> Iterator[str]:
    from hedgerow.cli import tune_text as text

    advices = {
        route: (times.count, advise(latencies_of(times.empirical(), asked.correlation), asked.goal))
        for route, times in gathered.busiest(asked.routes).items()
    }
    if advices:
        yield from text.by_route(advices, asked.target)
        yield ""


def _intervals(latencies: Latencies, advice: Advice, asked: Asked) -> list[Interval]:
    points = [advice.none.point, advice.best.point]
    if not advice.helps:
        return []
    return bootstrap(latencies, points, asked.goal.quantile, random.Random(asked.seed))


def _assumption(latencies: Latencies, asked: Asked) -> str:
    if isinstance(latencies, Paired):
        return "Copies take what the log says that they took."
    if asked.correlation:
        return f"Assumed: a copy keeps {asked.correlation:.0%} of its primary's slowness."
    return (
        "Assumed: a copy is as fast as any request, however slow its primary was "
        "(else --correlation)."
    )
