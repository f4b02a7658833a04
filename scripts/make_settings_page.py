"""Writes docs/settings.md from the declarations of the settings.

Run it as ``python scripts/make_settings_page.py``.  A test compares the page with what this
would write, so it cannot fall behind.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hedgerow.serve.settings import (
    Check,
    Deadline,
    Files,
    Health,
    Hedge,
    KeyPair,
    Limits,
    Listen,
    Priority,
    Queue,
    Rate,
    Redirect,
    Replies,
    Reply,
    Route,
    Server,
    Success,
    Tls,
    Upstream,
)
from hedgerow.serve.settings.fields import Field, Record, fields_of
from hedgerow.serve.settings.flags import FLAGS, HOST_HELP, PORT_HELP, Flag
from hedgerow.serve.settings.guards import AnswerFields, Auth, Cors, Jwt

PAGE: Final = Path(__file__).parent.parent / "docs" / "settings.md"

_INTRODUCTION: Final = """\
# Settings of `hedgerow serve`

This page is made by `scripts/make_settings_page.py` from the code that reads the settings.

`hedgerow serve -c hedgerow.toml` reads a TOML file; `hedgerow serve URL [URL...]` makes one
upstream of the URLs and sends everything to it. A flag wins over the file, the file over the
default. `--show-settings` prints what is in force and where each value came from; the output is a
settings file itself. `--check` only reads the settings and says whether they are fine.

A setting that does not exist, is not of its kind or contradicts another is an error; so are the
commonest of those that could have no effect. Nothing misspelt is passed over in silence.

- **Durations** are text with a unit: `"250ms"`, `"1.5s"`, `"2m"`, `"1m30s"` (us, ms, s, m, h, d).
- **Sizes** are text with a unit or whole numbers of bytes: `"64KiB"`, `"5MB"`, `4096`.
- **Shares** are text or numbers: `"5%"`, `0.05`.
- **Rates** are text with a time: `"100/m"`, `"50/s"`, `"10/h"`.
- **`"off"`** switches off what has it as a value, tables included: `health = "off"`.
- **Files** with a relative path start at the working directory.

## An example

```toml
[server]
listen = "127.0.0.1:8080"

[upstream.work]
replicas = ["http://10.0.0.1:9000", "http://10.0.0.2:9000"]

[[route]]                                # GET /api/smart/800: an answer within 800 ms, or an error
path     = "/api/smart/{timeout}"
upstream = "work"
rewrite  = "/api/work"
deadline = {from = "path.timeout", unit = "ms", min = "300ms", max = "60s"}
hedge    = {delay = "300ms", extra = 2}
success  = {status = [200], body = "json"}

[route.replies]
success   = {status = 200, json = {time = "{body.time}", message = "SUCCESS"}}
exhausted = {status = 502, json = {message = "ERROR"}}
expired   = {status = 504, json = {message = "ERROR"}}

[[route]]                                # the rest: copies after 100 ms, for at most 5 %
path     = "/"
upstream = "work"
hedge    = {delay = "100ms", budget = "5%"}
```

## An example for overload

```toml
[server]
listen = ":8080"
admin  = "127.0.0.1:8081"                # metrics and traces

[upstream.shop]
replicas = ["http://shop:9000", {url = "http://large:9000", weight = 2}]
resolve  = "10s"                         # every address of a name is a replica
check    = "/health"
limit    = "adaptive"                    # attempts in flight; found out from how long they take
queue    = {capacity = 50, patience = "500ms"}

[[route]]
path     = "/"
priority = {from = "header.Priority", most_urgent = 1}
rate     = {limit = "100/m", by = "header.X-Api-Key"}

[[route]]                                # reports can wait: they are the first to be refused
path     = "/reports/"
priority = "sheddable"
```

## What hedging does, by what is written

| `hedge =` | what is sent again |
|---|---|
| `{}`, or nothing | the slowest 5%, or after a failure; each once, and up to 20% in all |
| `{aim = "2%"}` | the slowest 2%, or after a failure; each once, and up to 20% in all |
| `{budget = "2%"}` | the slowest 2%, or after a failure; each once, and up to 2% in all |
| `{budget = "off"}` | the slowest 5%, or after a failure; each once, and all if it must be |
| `{max_attempts = 3}` | as by default, and up to twice: a copy and a retry, or two retries |
| `{delay = "300ms"}` | all that take longer, or after a failure; each once, without a budget |
| `{delay = "off"}`, `{extra = 0}` | after a failure only; each once, and up to 20% |
| `"off"`, `{max_attempts = 1}` | nothing |

A copy goes to another replica, and only of requests that may be sent twice (`methods`). Where
an upstream has one replica, nothing is sent unless `same_replica = true`.
"""

_TABLES: Final[tuple[tuple[str, type[Record]], ...]] = (
    ("[server]", Server),
    ("listen of [server]", Listen),
    ("tls of an address", Tls),
    ("A certificate", KeyPair),
    ("[server.limits]", Limits),
    ("[upstream.NAME]", Upstream),
    ("queue of an upstream", Queue),
    ("health of an upstream", Health),
    ("check of an upstream", Check),
    ("[[route]]", Route),
    ("deadline of a route", Deadline),
    ("hedge of a route", Hedge),
    ("priority of a route", Priority),
    ("rate of a route", Rate),
    ("success of a route", Success),
    ("replies of a route", Replies),
    ("A reply", Reply),
    ("root of a route", Files),
    ("redirect of a route", Redirect),
    ("auth of a route", Auth),
    ("jwt of auth", Jwt),
    ("cors of a route", Cors),
    ("headers of a route", AnswerFields),
)


def page() -> str:
    """Return the whole page."""
    sections = ["\n".join(_section(title, record)) for title, record in _TABLES]
    return "\n".join([_INTRODUCTION, *sections, "\n".join(_flags())])


def _section(title: str, record: type[Record]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"{record.__doc__}\n"
    if record.SHORT:
        yield f"In place of the table there can be {record.SHORT.replace(', ', ' or ')}.\n"
    yield "| setting | what it is | kind | default |"
    yield "|---|---|---|---|"
    for field in fields_of(record).values():
        cells = (f"`{field.name}`", field.about.help, _kind(field), _default(field))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _kind(field: Field) -> str:
    table = 'table or "off"' if field.names_none else "table"
    if field.is_list:
        short = field.record.SHORT if field.record is not None else ""
        table = f"{short}, a table, or a list of them" if short else "list of tables"
    name = field.kind.name if field.kind is not None else table
    has_range = field.range_text and field.about.at_least  # everybody expects at least 0
    return f"{name}, {field.range_text}" if has_range else name


def _default(field: Field) -> str:
    if field.is_required:
        return "must be given"
    if field.about.default:
        return field.about.default
    return f"`{field.default_text}`" if field.default_text else "none"


def _flags() -> Iterator[str]:
    yield "## Flags\n"
    yield "A flag of a route or an upstream sets it in all of them.\n"
    yield "| flag | setting |"
    yield "|---|---|"
    yield f"| `--host` | {HOST_HELP} |"
    yield f"| `--port` | {PORT_HELP} |"
    for flag in FLAGS.values():
        yield f"| `{flag.name}` | {flag.says or _setting(flag)} |"
    yield ""


def _setting(flag: Flag) -> str:
    title = next(title for title, record in _TABLES if record is flag.record)
    return f"`{flag.field_name}` in {title}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
