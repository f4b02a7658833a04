"""From a TOML file, or from URLs and flags, to the tree of settings.

Walks the tables field by field, so that every error knows its place, the value, what
it must be and what to write; must not know any particular setting, which are declared
in ``settings.server`` and ``settings.route``.  What one value cannot tell is left to
``settings.checks``.

A flag wins over the file, the file over the default.  Flags are laid over the file's
tables before anything is read, so there is one way of reading for both.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from hedgerow.serve.settings import Route, Server, Settings, Upstream, sources
from hedgerow.serve.settings.checks import check
from hedgerow.serve.settings.fields import Field, Record, fields_of
from hedgerow.serve.settings.file import parse_toml, read_toml
from hedgerow.serve.settings.flags import Tree, lay_over
from hedgerow.serve.settings.kinds import Refused
from hedgerow.serve.settings.names import NAME
from hedgerow.serve.settings.sources import NOTHING, Place, Sources
from hedgerow.serve.settings.unknown import unknown_setting, unknown_table

R = TypeVar("R", bound=Record)

NO_FLAGS: Final[Mapping[str, object]] = {}
#: What the upstream is called whose replicas are URLs on the command line.
URLS: Final = "backend"


def settings_from_file(path: Path, flags: Mapping[str, object] = NO_FLAGS) -> Settings:
    """Read a settings file; ``flags`` are values by flag name, None where not given."""
    return _settings(read_toml(path), str(path), flags, {})


def settings_from_text(
    text: str, flags: Mapping[str, object] = NO_FLAGS, *, name: str = "hedgerow.toml"
) -> Settings:
    """Read what a settings file called ``name`` would contain."""
    return _settings(parse_toml(text.encode(), name), name, flags, {})


def settings_for_urls(urls: Sequence[str], flags: Mapping[str, object] = NO_FLAGS) -> Settings:
    """Make the settings that send everything to these replicas of one upstream."""
    tree = {"upstream": {URLS: {"replicas": list(urls)}}}
    return _settings(tree, "", flags, {("upstream", URLS, "replicas"): "URL"})


def settings_for_root(directory: str, flags: Mapping[str, object] = NO_FLAGS) -> Settings:
    """Make the settings that serve the files of this directory."""
    tree = {"route": [{"path": "/", "root": directory}]}
    return _settings(tree, "", flags, {("route", 0, "root"): "DIR"})


def _settings(
    raw: Mapping[str, object],
    file: str,
    flags: Mapping[str, object],
    origins: Mapping[sources.Path, str],
) -> Settings:
    tree = _shaped(raw, Place(Sources(file)))
    if "route" not in raw:
        origins = {**origins, ("route", 0, "path"): sources.DEFAULT}
    place = Place(Sources(file, {**origins, **lay_over(tree, flags)}))
    upstreams = {
        name: read_record(Upstream, table, place / "upstream" / name)
        for name, table in tree.upstreams.items()
    }
    routes = [
        read_record(Route, table, place / "route" / number)
        for number, table in enumerate(tree.routes)
    ]
    settings = Settings(
        server=read_record(Server, tree.server, place / "server"),
        upstreams=upstreams,
        routes=tuple(_led(route, upstreams) for route in routes),
        sources=place.sources,
    )
    check(settings)
    return settings


def _led(route: Route, upstreams: Mapping[str, Upstream]) -> Route:
    """Send a route that names no upstream, and answers not by itself, to the only one."""
    if route.upstream or route.answers_itself or len(upstreams) != 1:
        return route
    return msgspec.structs.replace(route, upstream=next(iter(upstreams)))


# --- the shape of the file ---


def _shaped(raw: Mapping[str, object], top: Place) -> Tree:
    """Sort the file's tables; where there is no route, everything goes to the only upstream."""
    for name, value in raw.items():
        if name not in ("server", "upstream", "route"):
            raise unknown_table(name, value, top)
    server = raw.get("server", {})
    if not isinstance(server, Mapping):
        raise (top / "server").refuse(server, "a table", "Write [server] on a line of its own.")
    routes = raw.get("route", [])
    upstreams = _upstreams(raw.get("upstream", {}), top / "upstream", is_needed=not routes)
    if not isinstance(routes, list) or not all(isinstance(r, Mapping) for r in routes):
        fix = "Write [[route]], in double brackets, once for each route."
        raise (top / "route").refuse(routes, "a list of tables", fix)
    if not routes and len(upstreams) > 1:
        fix = f"Write [[route]] with path and upstream ({', '.join(upstreams)})."
        raise (top / "route").refuse(NOTHING, "given where there are several upstreams", fix)
    routes = [dict(table) for table in routes] or [{"path": "/"}]
    return Tree(dict(server), upstreams, routes)


def _upstreams(raw: object, place: Place, *, is_needed: bool) -> dict[str, dict[str, Any]]:
    fix = 'Write [upstream.app] with replicas = ["http://127.0.0.1:9000"].'
    if not isinstance(raw, Mapping):
        raise place.refuse(raw, "a table", fix)
    if not raw and is_needed:
        raise place.refuse(NOTHING, "given: there is nowhere to send requests to", fix)
    for name, table in raw.items():
        if not isinstance(table, Mapping):
            # The commonest slip: [upstream] instead of [upstream.NAME].
            raise (place / name).refuse(table, "a table: every upstream has a name", fix)
        try:
            NAME.read(name)
        except Refused as error:
            raise place.refuse(name, error.must, fix) from error
    return {name: dict(table) for name, table in raw.items()}


# --- one table, one field ---


def read_record(record: type[R], raw: object, place: Place) -> R:
    """Read a table, or its short form, that stands at ``place``."""
    table = _table(record, raw, place)
    fields = fields_of(record)
    given: dict[str, Any] = {}
    for name, value in table.items():
        field = fields.get(name)
        if field is None:
            raise unknown_setting(record, name, value, place)
        given[field.attribute] = _read_field(field, value, place / name)
    for field in fields.values():
        if field.is_required and field.attribute not in given:
            missing = place / field.name
            fix = field.example(place.sources.called(missing.path))
            raise missing.refuse(NOTHING, "given", fix)
    return record(**record.complete(given))


def _table(record: type[Record], raw: object, place: Place) -> Mapping[str, object]:
    if isinstance(raw, Mapping):
        return raw
    table = record.expand(raw)
    if table is None:
        must = f"{record.SHORT} or a table" if record.SHORT else "a table"
        called = place.sources.called(place.path)
        raise place.refuse(raw, must, f"Write for example {called} = {record.EXAMPLE}.")
    place.sources.note(place.path, short=True)
    return table


def _read_list(field: Field, record: type[R], raw: object, place: Place) -> tuple[R, ...]:
    """Read tables, or their short forms; one alone needs no brackets."""
    if not isinstance(raw, list):
        return (read_record(record, raw, place),)
    if not raw:
        example = field.example(place.sources.called(place.path))
        raise place.refuse(raw, "a list that is not empty", example)
    return tuple(read_record(record, item, place / number) for number, item in enumerate(raw))


def _read_field(field: Field, raw: object, place: Place) -> object:
    if field.record is not None and field.is_list:
        place.sources.note(place.path)
        return _read_list(field, field.record, raw, place)
    if field.record is not None:
        if field.names_none and raw == "off":
            place.sources.note(place.path)
            return None
        return read_record(field.record, raw, place)
    if field.kind is None:
        return raw
    example = field.example(place.sources.called(place.path))
    try:
        value = field.kind.read(raw)
    except Refused as error:
        got = raw if error.part is None else error.part
        raise place.refuse(got, error.must, error.fix or example) from error
    if not field.allows(value):
        raise place.refuse(raw, field.range_text, field.about.fix or example)
    place.sources.note(place.path)
    return value
