"""The admin page: what ``overview`` and the traces say, for people.

One document without anything from elsewhere, which reloads itself.  Everything that came from
outside (targets, names) is escaped.  Must not know where the numbers come from.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_LONGEST_TARGET: Final = 120  # /traces has the whole of it
_STYLE: Final = """
:root { color-scheme: light dark; --faint: color-mix(in srgb, currentColor 55%, transparent);
  --line: color-mix(in srgb, currentColor 14%, transparent); --bad: #c2410c; --good: #15803d; }
@media (prefers-color-scheme: dark) { :root { --bad: #fb923c; --good: #4ade80; } }
body { font: 14px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .4rem; }
p { color: var(--faint); margin: .2rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--faint); }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; white-space: nowrap; }
code { font-size: 13px; overflow-wrap: anywhere; }
.bad { color: var(--bad); } .good { color: var(--good); } nav a { margin-right: 1rem; }
"""


def page(told: Mapping[str, Any], slowest: Sequence[Mapping[str, Any]], refresh: int = 5) -> bytes:
    """Return the document; it asks for itself again after ``refresh`` seconds."""
    state = _mark("ready", good=True) if told["ready"] else _mark("not ready", good=False)
    workers = "<a href=/workers>workers</a>" if "workers" in told else ""
    stage = told["shedding_stage"]
    shedding = "" if not stage else " · " + _mark(f"shedding, stage {stage}", good=False)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Hedgerow</title>"
        f"<meta http-equiv=refresh content={refresh}>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style><h1>Hedgerow</h1>",
        f"<p>{state}{shedding} · {told['clients']} client connections · "
        f"loop {told['loop_lag_ms']:.1f} ms late</p>",
        "<nav><a href=/metrics>metrics</a><a href=/traces>traces</a>"
        f"<a href=/upstreams>upstreams</a>{workers}</nav>",
    ]
    if "workers" in told:
        parts += ["<h2>Workers</h2>", _workers(told)]
    if told["routes"] or not told["own"]:
        parts += ["<h2>Routes</h2>", _routes(told["routes"])]
    if told["own"]:
        parts += ["<h2>Routes without an upstream</h2>", _own(told["own"])]
    for upstream in told["upstreams"]:
        parts += [f"<h2>Upstream {_text(upstream['name'])}</h2>", _door(upstream["door"])]
        if upstream["panic"]:
            panic = _mark("all replicas are used, whatever is known of them", good=False)
            parts.append(f"<p>{panic}</p>")
        parts.append(_replicas(upstream["replicas"]))
    if told["turned_away"]:
        pairs = (f"{_text(reason)} {count:,}" for reason, count in told["turned_away"].items())
        parts.append(f"<h2>Turned away</h2><p>{', '.join(pairs)}</p>")
    parts += ["<h2>Slowest of late</h2>", _stories(slowest)]
    return "".join(parts).encode()


def _workers(told: Mapping[str, Any]) -> str:
    rows = []
    for one in told["workers"]:
        since = f"{one['since'][:10]} {one['since'][11:19]}"
        rows.append(
            [
                str(one["worker"]),
                str(one["pid"]),
                since,
                _mark(one["state"], good=one["state"] == "ready"),
                f"{one['utilisation']:.0%}",
                f"{one['loop_lag_ms']:.1f} ms",
                _number(one["clients"]),
                f"{one['requests_per_s']:,.0f}",
                _number(one["requests"]),
            ]
        )
    header = ["worker", "pid", "since (UTC)", "state", "busy", "late", "clients", "requests/s"]
    table = _table([*header, "requests"], rows, first_number=4, numbers=5)
    crashes = told["crashes"]
    if crashes:
        made_good = "was" if crashes == 1 else "were"
        table += f"<p>{crashes:,} ended unexpectedly and {made_good} replaced</p>"
    if told["cut"]:
        text = "there are more routes than a worker's report has room for: numbers are missing"
        table += f"<p>{_mark(text, good=False)}</p>"
    return table


def _own(routes: Iterable[Mapping[str, Any]]) -> str:
    codes = ("2xx", "3xx", "4xx", "5xx", "other", "left")
    rows = []
    for route in routes:
        count = sum(route["responses"].values())
        mean = _duration(route["took_s"] / count * 1000) if count else "-"
        numbers = (_number(route["responses"].get(code, 0)) for code in codes)
        name = f"<code>{_text(route['name'])}</code>"
        rows.append([name, _number(count), *numbers, mean])
    return _table(["route", "responses", *codes, "mean"], rows, first_number=1, numbers=8)


def _routes(routes: Iterable[Mapping[str, Any]]) -> str:
    numbers = ("requests", "answered", "failed", "expired", "abandoned", "hedges", "retries")
    rows = []
    for route in routes:
        delays = (
            f"{_text(method)} {_duration(delay)}" for method, delay in route["delay_ms"].items()
        )
        cells = [f"<code>{_text(route['name'])}</code>", *(_number(route[one]) for one in numbers)]
        rows.append([*cells, _number(route["hedges_won"]), ", ".join(delays) or "-"])
    return _table(["route", *numbers, "hedges won", "delay"], rows, first_number=1, numbers=8)


def _door(door: Mapping[str, Any] | None) -> str:
    if door is None:
        return "<p>no limit</p>"
    limit = "no limit" if door["limit"] is None else f"limit {door['limit']}"
    refused = sum(door["refused"].values())
    reasons = ", ".join(f"{_text(why)} {count:,}" for why, count in door["refused"].items())
    queue = _mark("the queue stands", good=False) if door["backed_up"] else "the queue moves"
    return (
        f"<p>{limit} · {door['in_flight']} in flight · {door['waiting']} waiting, {queue} · "
        f"{_duration(door['service_time_ms'])} usually · {refused:,} refused"
        f"{f' ({reasons})' if reasons else ''}</p>"
    )


def _replicas(replicas: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for one in replicas:
        state = _state(one)
        if not one["up"]:
            state = _mark("down", good=False)
        check = "-" if one["last_check"] is None else _text(one["last_check"])
        rows.append(
            [
                f"<code>{_text(one['name'])}</code>",
                state,
                _number(one["in_flight"]),
                f"{one['weight']:g}",
                _number(one["failures_in_row"]),
                _number(one["ejections"]),
                check,
            ]
        )
    header = ["replica", "state", "in flight", "weight", "failures", "ejections", "last check"]
    return _table(header, rows, first_number=2, numbers=4)


def _state(replica: Mapping[str, Any]) -> str:
    """Say what it is; where workers do not agree, for how many of them it is the worst."""
    state, states = replica["state"], replica["states"]
    told = _mark(state, good=state == "admitting")
    if len(states) > 1:
        told += f" in {states[state]} of {sum(states.values())}"
    return told


def _stories(stories: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for story in stories:
        attempts = "<br>".join(
            f"{_text(one['kind'])} to {_text(one['replica'])}: {_text(one['fate'])}"
            for one in story["attempts"]
        )
        target = story["target"]
        shown = target if len(target) <= _LONGEST_TARGET else f"{target[:_LONGEST_TARGET]}..."
        request = f"<code>{_text(story['method'])} {_text(shown)}</code>"
        rows.append([request, str(story["status"] or "left"), _duration(story["ms"]), attempts])
    if not rows:
        return "<p>nothing yet</p>"
    return _table(["request", "status", "took", "attempts"], rows, first_number=1, numbers=2)


def _table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, first_number: int, numbers: int
) -> str:
    def row(tag: str, cells: Sequence[str]) -> str:
        kinds = (
            " class=n" if first_number <= place < first_number + numbers else ""
            for place in range(len(cells))
        )
        return "".join(f"<{tag}{kind}>{cell}" for kind, cell in zip(kinds, cells, strict=True))

    body = "".join(f"<tr>{row('td', cells)}" for cells in rows)
    return f"<div class=scroll><table><tr>{row('th', header)}{body}</table></div>"


def _duration(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:,.2f} s"
    return f"{milliseconds:.3g} ms"


def _number(value: int) -> str:
    return f"{value:,}"


def _mark(text: str, *, good: bool) -> str:
    return f"<span class={'good' if good else 'bad'}>{_text(text)}</span>"


def _text(value: object) -> str:
    return html.escape(str(value))
