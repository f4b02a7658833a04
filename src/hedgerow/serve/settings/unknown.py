"""What to say about a setting that does not exist: what was probably meant.

In this order: it is known to be absent from this version; it exists in another table;
something like it exists here, then elsewhere; else all that exist here are listed.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.serve.settings import Route, Server, Upstream
from hedgerow.serve.settings.fields import Record, fields_of, tables_of
from hedgerow.serve.settings.kinds import nearest
from hedgerow.serve.settings.sources import Place

_TABLES: Final[tuple[tuple[str, type[Record]], ...]] = (
    ("[server]", Server),
    ("[upstream.NAME]", Upstream),
    ("[[route]]", Route),
)
_PAGE: Final = "See docs/settings.md."


def unknown_setting(record: type[Record], name: str, value: object, place: Place) -> ConfigError:
    """Make the error for a name that a record does not have."""
    there = place / name
    if name in record.ABSENT:
        return there.refuse(value, "a setting of this version", record.ABSENT[name])
    fix = _same_name_elsewhere(name) or _near(name, _names(record)) or _near_elsewhere(name)
    listed = f"There are {', '.join(fields_of(record))}."
    return there.refuse(value, "a known setting", f"{fix or listed} {_PAGE}")


def unknown_table(name: str, value: object, top: Place) -> ConfigError:
    """Make the error for a name at the top of the file."""
    tables = {"server": "[server]", "upstream": "[upstream.NAME]", "route": "[[route]]"}
    meant = nearest(name, list(tables))
    fix = f"Did you mean {tables[meant]}?" if meant else _same_name_elsewhere(name)
    listed = f"There are {', '.join(tables.values())}."
    return (top / name).refuse(value, "a known table", f"{fix or listed} {_PAGE}")


def _near(name: str, known: Iterable[str]) -> str:
    meant = nearest(name, list(known))
    return f"Did you mean {meant}?" if meant else ""


def _same_name_elsewhere(name: str) -> str:
    """Find ``idle_timeout`` as ``limits.idle_timeout in [server]``; two places are enough."""
    found = [
        f"{known} in {table}"
        for table, record in _TABLES
        for known in _names(record)
        if known.split(".")[-1] == name
    ]
    return f"Did you mean {' or '.join(found[:2])}?" if found else ""


def _near_elsewhere(name: str) -> str:
    known = {setting: table for table, record in _TABLES for setting in _names(record)}
    meant = nearest(name, list(known))
    return f"Did you mean {meant} in {known[meant]}?" if meant else ""


def _names(record: type[Record]) -> Iterator[str]:
    """Yield every setting of a record, those of its own tables with dots."""
    yield from fields_of(record)
    for field, inner in tables_of(record):
        for name in _names(inner):
            yield f"{field.name}.{name}"
