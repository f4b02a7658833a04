"""k6's words in a scenario's ``options``: executors and thresholds, in those of our plans.

Turns one k6 scenario into settings of a load and k6's thresholds into promises.  Must not
know the rest of the options.  The names are k6's own (``constant-arrival-rate``,
``preAllocatedVUs``, ``http_req_duration``), so that a file can be ported by eye.

Two differences remain, because a measurement would suffer otherwise: an arrival that finds
no free VU waits, and its wait counts, where k6 drops it; and ``http_req_duration`` is our
response time, from when a request was due, not from when it could be sent.

``gracefulStop`` and ``gracefulRampDown`` are read over: a user always ends its iteration
first, for as long as a request may take.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from hedgerow.errors import ConfigError
from hedgerow.load.plan import Stage
from hedgerow.load.scenario import values

_READ_OVER: Final = ("gracefulStop", "gracefulRampDown")

#: Each executor's words, and how they are read; the first ones must be there.
_EXECUTORS: Final[dict[str, tuple[int, dict[str, values.Reader]]]] = {
    "constant-vus": (1, {
        "duration": values.duration_above_none, "vus": values.count,
    }),
    "ramping-vus": (1, {
        "stages": values.stages, "startVUs": values.count_or_none,
    }),
    "constant-arrival-rate": (2, {
        "duration": values.duration_above_none, "rate": values.rate,
        "timeUnit": values.duration_above_none,
        "preAllocatedVUs": values.count, "maxVUs": values.count,
    }),
    "ramping-arrival-rate": (1, {
        "stages": values.stages, "startRate": values.number,
        "timeUnit": values.duration_above_none,
        "preAllocatedVUs": values.count, "maxVUs": values.count,
    }),
    "per-vu-iterations": (0, {
        "vus": values.count, "iterations": values.count,
        "maxDuration": values.duration_above_none,
    }),
    "shared-iterations": (0, {
        "vus": values.count, "iterations": values.count,
        "maxDuration": values.duration_above_none,
    }),
}  # fmt: skip

#: Words that k6 knows and we do not, and what to do instead.
_OTHERWISE: Final = {
    "exec": "Name the function run, or make it a task.",
    "env": "Read os.environ in the scenario.",
    "tags": "Give requests a label.",
    "startTime": "Scenarios start at once; begin with a stage of 0 for a delay.",
}


def read_scenarios(where: str, value: Any) -> dict[str, Any]:
    """Read ``{"name": {"executor": ..., ...}}`` with one scenario in it."""
    scenarios = values.mapping(where, value)
    if len(scenarios) != 1:
        raise ConfigError(
            where,
            got=", ".join(scenarios) or "none",
            must="one scenario",
            fix="Make several into weighted tasks of one, or into files that you run side by side.",
        )
    name, scenario = next(iter(scenarios.items()))
    where = f"{where}[{name!r}]"
    return _EXECUTE[_executor(where, scenario)](_read(where, values.mapping(where, scenario)))


def _executor(where: str, scenario: Any) -> str:
    name = values.mapping(where, scenario).get("executor")
    if isinstance(name, str) and name in _EXECUTORS:
        return name
    known = values.one_of(*_EXECUTORS)
    return str(known(f"{where}['executor']", name))


def _read(where: str, scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Read the words of a scenario whose executor is known."""
    needed, readers = _EXECUTORS[scenario["executor"]]
    found = {}
    for word, value in scenario.items():
        if word in _OTHERWISE:
            raise ConfigError(
                f"{where}[{word!r}]", got=value, must="left out", fix=_OTHERWISE[word]
            )
        if word in readers:
            found[word] = readers[word](f"{where}[{word!r}]", value)
        elif word not in ("executor", *_READ_OVER):
            values.refuse_word(where, word, value, readers)
    for word in list(readers)[:needed]:
        if word not in found:
            raise ConfigError(
                f"{where}[{word!r}]", got="nothing", must="given", fix=f"Add {word!r}."
            )
    return found


# --- executors ---


def _constant_vus(given: dict[str, Any]) -> dict[str, Any]:
    return {"users": given.get("vus", 1), "duration": given["duration"]}


def ramping_vus(stages: tuple[Stage, ...], start: int) -> dict[str, Any]:
    """The settings of users whose number follows stages, from ``start``."""
    first = (Stage(seconds=0, target=start),) if start else ()
    return {
        "users": max(start, *(round(stage.target) for stage in stages), 1),
        "stages": first + stages,
        "duration": sum(stage.seconds for stage in stages),
    }


def _ramping_vus(given: dict[str, Any]) -> dict[str, Any]:
    return ramping_vus(given["stages"], given.get("startVUs", 1))


def _constant_arrival_rate(given: dict[str, Any]) -> dict[str, Any]:
    rate = given["rate"] / given.get("timeUnit", 1.0)
    return {"rate": rate, "duration": given["duration"], **_connections(given)}


def _ramping_arrival_rate(given: dict[str, Any]) -> dict[str, Any]:
    unit = given.get("timeUnit", 1.0)
    stages = tuple(Stage(seconds=s.seconds, target=s.target / unit) for s in given["stages"])
    return {
        "rate": given.get("startRate", 0.0) / unit,
        "stages": stages,
        "duration": sum(stage.seconds for stage in stages),
        **_connections(given),
    }


def _connections(given: dict[str, Any]) -> dict[str, Any]:
    most = max(given.get("preAllocatedVUs", 0), given.get("maxVUs", 0))
    return {"connections": most} if most else {}


def _iterations(given: dict[str, Any], word: str) -> dict[str, Any]:
    settings = {"users": given.get("vus", 1), word: given.get("iterations", 1)}
    if "maxDuration" in given:
        settings["duration"] = given["maxDuration"]
    return settings


def _per_vu_iterations(given: dict[str, Any]) -> dict[str, Any]:
    return _iterations(given, "iterations")


def _shared_iterations(given: dict[str, Any]) -> dict[str, Any]:
    return _iterations(given, "shared_iterations")


_EXECUTE: Final = {
    "constant-vus": _constant_vus,
    "ramping-vus": _ramping_vus,
    "constant-arrival-rate": _constant_arrival_rate,
    "ramping-arrival-rate": _ramping_arrival_rate,
    "per-vu-iterations": _per_vu_iterations,
    "shared-iterations": _shared_iterations,
}

# --- thresholds ---

#: k6's metrics of times, and what stands before the aggregate in ours.
_TIMES: Final = {
    "http_req_duration": "",
    "http_req_waiting": "ttfb.",
    "http_req_connecting": "connect.",
    "http_req_tls_handshaking": "connect.",
    "iteration_duration": "iterations.",
}
_METRICS: Final = (*_TIMES, "http_req_failed", "http_reqs", "checks")
_METRIC: Final = re.compile(r"(?P<name>\w+)\s*(?:\{(?P<tag>[^}]*)\})?")
_THRESHOLD: Final = re.compile(
    r"(?P<aggregate>avg|min|med|max|count|rate|p\(\s*(?P<percent>\d+(?:\.\d+)?)\s*\))\s*"
    r"(?P<operator><=|>=|===|==|<|>)\s*(?P<limit>\d+(?:\.\d+)?|\.\d+)"
)
_AGGREGATES: Final = (
    "p(N), avg, min, med or max of a time, rate (0 to 1) of http_req_failed or checks, "
    "rate or count of http_reqs"
)
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


def read_thresholds(where: str, value: Any) -> dict[str, Any]:
    """Read ``{"http_req_duration": ["p(99)<250"], ...}`` as ``slo`` and ``abort_on_fail``."""
    promises: list[str] = []
    aborts = False
    for metric, thresholds in values.mapping(where, value).items():
        here = f"{where}[{metric!r}]"
        name, label = _metric(here, metric)
        for threshold in thresholds if isinstance(thresholds, list | tuple) else [thresholds]:
            text, stops = _threshold(here, threshold)
            promises.append(_promise(here, name, label, text))
            aborts |= stops
    return {"slo": tuple(promises), **({"abort_on_fail": True} if aborts else {})}


def _metric(where: str, metric: str) -> tuple[str, str | None]:
    """Return the name, and the label that a tag asks for."""
    form = _METRIC.fullmatch(metric.strip())
    if form is None or form["name"] not in _METRICS:
        raise ConfigError(
            where, got=metric, must=f"one of {', '.join(_METRICS)}", fix="Or write it under slo."
        )
    if form["tag"] is None:
        return form["name"], None
    key, _, value = form["tag"].partition(":")
    if key.strip() not in ("name", "label") or not value.strip():
        raise ConfigError(
            where, got=metric, must="tagged with {name:LABEL}", fix="Requests have a label only."
        )
    if form["name"] in ("iteration_duration", "checks"):
        raise ConfigError(where, got=metric, must="without a tag", fix="Remove the braces.")
    return form["name"], value.strip()


def _threshold(where: str, given: Any) -> tuple[str, bool]:
    """Return the text, and whether the run stops when it is broken."""
    if isinstance(given, str):
        return given, False
    parts = values.mapping(where, given)
    for word, value in parts.items():
        if word not in ("threshold", "abortOnFail", "delayAbortEval"):
            values.refuse_word(where, word, value, ("threshold", "abortOnFail"))
    if "delayAbortEval" in parts:
        raise ConfigError(
            f"{where}['delayAbortEval']",
            got=parts["delayAbortEval"],
            must="left out",
            fix="Use warm_up, whose figures do not count, or a window under slo: p99<1s for 10s.",
        )
    stops = values.yes_or_no(f"{where}['abortOnFail']", parts.get("abortOnFail", False))
    return values.text(f"{where}['threshold']", parts.get("threshold")), stops


def _promise(where: str, name: str, label: str | None, text: str) -> str:
    form = _THRESHOLD.fullmatch(text.strip())
    if form is None:
        raise ConfigError(
            where, got=text, must="AGGREGATE OPERATOR NUMBER", fix="Write for example p(99)<250."
        )
    aggregate, limit = form["aggregate"], form["limit"]
    sign = form["operator"].replace("===", "==")
    selector = f"{{label={label}}}" if label else ""
    if name in _TIMES and aggregate not in ("count", "rate"):
        word = f"p{form['percent']}" if form["percent"] else aggregate
        return f"{_TIMES[name]}{word}{selector}{sign}{limit}ms"
    match name, aggregate:
        case "http_req_failed", "rate" if float(limit) <= 1:
            return f"errors{selector}{sign}{_percent(float(limit))}"
        case "http_reqs", "rate":
            return f"rps{selector}{sign}{limit}"
        case "http_reqs", "count":
            return f"count{selector}{sign}{limit}"
        case "checks", "rate" if float(limit) <= 1:  # ours are the checks that failed
            return f"errors{{class=check_failed}}{_TURNED[sign]}{_percent(1 - float(limit))}"
    raise ConfigError(where, got=text, must=_AGGREGATES, fix="Or write it under slo.")


def _percent(share: float) -> str:
    return f"{round(share * 100, 9):g}%"
