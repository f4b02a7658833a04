"""Simulations in which nothing queues, so that closed formulas say what must come out.

Rows only.  The law of ``copies`` is the one of bhope/hedge's public benchmark: lognormal with a
mean of 5 ms and a deviation of 2 ms, and one answer in twenty ten times as long.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from hedgerow.faults import Law, parse_law
from hedgerow.simulate import reissue, theory
from hedgerow.simulate.agreement import FORMULA
from hedgerow.simulate.description import Hedge, Route, Row, Simulation, Traffic, Upstream
from hedgerow.simulate.figures import QUANTILES

BENCHMARK: Final = "mix:95%*lognormal:5ms,2ms+5%*lognormal:50ms,20ms"
HEAVY: Final = "pareto:1.1,2ms"
#: A leaf that takes 10 ms in the median, and more than a second in 1 % of cases.
LEAF: Final = "mix:99%*lognormal:10ms,2ms+1%*uniform:1s..2s"
RARE_LEAF: Final = "mix:99.99%*lognormal:10ms,2ms+0.01%*uniform:1s..2s"


def free(latency: str, hedge: Hedge, *, similarity: float = 0.0) -> Simulation:
    """Return a simulation in which extra load costs nothing."""
    return Simulation(
        warm_up="0%",
        traffic=Traffic(rate="1000"),
        upstream=Upstream(workers="unlimited", latency=latency, similarity=similarity),
        route=Route(hedge=hedge, balance="random"),
    )


def milliseconds(seconds: float) -> str:
    """Write a time so that little of it is lost."""
    return f"{seconds * 1000:.6f}ms"


# --- reissue ---


def reissue_rows() -> tuple[Row, ...]:
    """SingleD and SingleR at their optimum, for two quantiles and several budgets."""
    law = parse_law(HEAVY)
    rows = [Row(label="none", simulation=free(HEAVY, Hedge()), expected=_quantiles(law, ()))]
    for name, budgets in (("p95", (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)), ("p99", (0.01, 0.02, 0.05))):
        for budget in budgets:
            target = QUANTILES[name]
            if budget > 1 - target:
                after = reissue.after_delay(law, target, budget)
                rows.append(_reissue_row(f"{name}, {budget:.0%}, SingleD", name, budget, after))
            best = reissue.best(law, target, budget)
            rows.append(_reissue_row(f"{name}, {budget:.0%}, SingleR", name, budget, best))
    return tuple(row if row.source else _sourced(row) for row in rows)


def _reissue_row(label: str, name: str, budget: float, rule: reissue.Reissue) -> Row:
    hedge = Hedge(delay=milliseconds(rule.delay), chance=f"{rule.chance:.6f}")
    return Row(
        label=label,
        simulation=free(HEAVY, hedge),
        expected={name: rule.quantile, "extra": budget},
        source=FORMULA,
    )


def _sourced(row: Row) -> Row:
    return Row(label=row.label, simulation=row.simulation, expected=row.expected, source=FORMULA)


# --- copies ---


def copies() -> tuple[Row, ...]:
    """The rules of the benchmark, and two more copies one by one or at once."""
    law = parse_law(BENCHMARK)
    delay = 0.00894  # what 9.2 % of the answers take longer than
    return (
        _copies_row("none", 0.0, ()),
        _copies_row("1+1 after 10 ms", 0.01, (1,)),
        _copies_row("1+1 after 50 ms", 0.05, (1,)),
        _copies_row("1+1 after 8.94 ms", delay, (1,)),
        _copies_row("1+1+1 after 8.94 ms, staggered", delay, (1, 2), "staggered"),
        _copies_row("1+2 after 8.94 ms, burst", delay, (1, 1)),
        Row(
            label="1+1, learned delay, 10%",
            simulation=free(BENCHMARK, Hedge(delay="auto", aim=0.1)),
            expected=_expected(law, (reissue.without(law, 0.9),)),
            source=FORMULA + ", delay = p90",
        ),
    )


def _copies_row(
    label: str, delay: float, after: Sequence[int], mode: Literal["burst", "staggered"] = "burst"
) -> Row:
    hedge = Hedge(delay=milliseconds(delay), extra=len(after), mode=mode) if after else Hedge()
    sent_at = [times * delay for times in after]
    return Row(
        label=label,
        simulation=free(BENCHMARK, hedge),
        expected=_expected(parse_law(BENCHMARK), sent_at),
        source=FORMULA,
    )


def _expected(law: Law, sent_at: Sequence[float]) -> Mapping[str, float]:
    return {**_quantiles(law, sent_at), "extra": reissue.copies_sent(law, sent_at)}


def _quantiles(law: Law, sent_at: Sequence[float]) -> dict[str, float]:
    return {
        name: reissue.quantile_of_copies(law, share, sent_at) for name, share in QUANTILES.items()
    }


def correlated() -> tuple[Row, ...]:
    """A copy takes r of its primary's time, and its own."""
    return tuple(
        Row(
            label=f"r = {similarity:g}, 1+1 after 10 ms",
            simulation=free(BENCHMARK, Hedge(delay="10ms"), similarity=similarity),
            expected=_expected(parse_law(BENCHMARK), (0.01,)) if similarity == 0 else {},
            source=FORMULA if similarity == 0 else "",
        )
        for similarity in (0.0, 0.1, 0.25, 0.5, 1.0)
    )


# --- fan-out ---


def fan_out() -> tuple[Row, ...]:
    """How many requests meet one slow leaf at least."""
    return (
        _leaves("1 leaf", 1, 100_000, 0.01),
        _leaves("10 leaves", 10, 20_000, 0.01),
        _leaves("100 leaves", 100, 5_000, 0.01),
        _leaves("100 leaves, 1+1 after 20 ms", 100, 5_000, 0.01 * 0.01, delay="20ms"),
        _leaves("2000 leaves, 1 in 10,000 slow", 2000, 500, 0.0001, latency=RARE_LEAF),
    )


def _leaves(
    label: str, leaves: int, requests: int, share: float, *, latency: str = LEAF, delay: str = "off"
) -> Row:
    return Row(
        label=label,
        simulation=Simulation(
            requests=requests,
            warm_up="0%",
            fan_out=leaves,
            slow_above="1s",
            traffic=Traffic(rate="1000"),
            upstream=Upstream(workers="unlimited", latency=latency),
            route=Route(hedge=Hedge(delay=delay), balance="random"),
        ),
        expected={"slow_share": theory.slower_than(share, leaves)},
        source=FORMULA,
    )
