"""The settings in force, as TOML that can be used again, and where each came from.

Must not know any particular setting: it follows the declarations.
"""

from collections.abc import Iterator

from hedgerow.serve.settings import Settings
from hedgerow.serve.settings.fields import Field, Record, fields_of
from hedgerow.serve.settings.sources import Path, Sources


def show(settings: Settings) -> str:
    """Print the whole tree; reading the text back gives the same settings."""
    tables = [_table(settings.server, "[server]", ("server",), settings.sources)]
    for name, upstream in settings.upstreams.items():
        path = ("upstream", name)
        tables.append(_table(upstream, f"[upstream.{name}]", path, settings.sources))
    for number, route in enumerate(settings.routes):
        tables.append(_table(route, "[[route]]", ("route", number), settings.sources))
    return "\n".join("\n".join(table) for table in tables)


def _table(record: Record, title: str, path: Path, sources: Sources) -> Iterator[str]:
    """Yield the lines of a table and those inside it, which TOML wants after its own values."""
    fields = fields_of(type(record))
    values = [(field, getattr(record, field.attribute)) for field in fields.values()]
    lines = [
        (_line(field, value), sources.of((*path, field.name)))
        for field, value in values
        if field.record is None or field.is_list or (value is None and field.names_none)
    ]
    width = max(len(line) for line, _ in lines) if lines else 0
    if lines:
        yield title
    yield from (f"{line:<{width}}  # {source}" for line, source in lines)
    if lines:
        yield ""
    for field, value in values:
        if isinstance(value, Record):
            inner = f"{title.strip('[]')}.{field.name}"
            yield from _table(value, f"[{inner}]", (*path, field.name), sources)


def _line(field: Field, value: object) -> str:
    """``key = value``; what has no value is a comment, so that it stays unset."""
    if value is None and field.record is not None:
        return f'{field.name} = "off"'
    if value in (None, "") and not field.names_none:
        return f"# {field.name}: {field.about.default or 'not set'}"
    return f"{field.name} = {field.write(value)}"
