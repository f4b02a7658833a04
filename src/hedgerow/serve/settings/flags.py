"""The flags of ``hedgerow serve``, and how they are laid over the tables of a file.

A flag sets one declared setting; one of a route or an upstream sets it in all of them.
Its help and default are the setting's own.  Must not know the command line library:
values come in by the flag's name, as words or as what the setting takes in TOML.

``--host`` and ``--port`` each change a part of ``listen``, because that is what fingers
know; everything else is one to one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hedgerow.errors import ConfigError, HedgerowBug
from hedgerow.serve.settings.addresses import REPLICAS, ReplicaUrl, read_port
from hedgerow.serve.settings.deadline import Deadline
from hedgerow.serve.settings.fields import Field, Record, fields_of, help_of
from hedgerow.serve.settings.hedge import Hedge
from hedgerow.serve.settings.kinds import Refused
from hedgerow.serve.settings.route import Rate, Route
from hedgerow.serve.settings.server import Server
from hedgerow.serve.settings.sources import Path
from hedgerow.serve.settings.upstream import Check, Queue, Upstream


@dataclass(slots=True)
class Tree:
    """The tables of a file, before anything in them is read."""

    server: dict[str, Any]
    upstreams: dict[str, dict[str, Any]]
    routes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag and the setting it stands for; ``value`` where the flag itself says it."""

    name: str
    record: type[Record]
    field_name: str
    value: object = None
    says: str = ""  # help of its own, where the setting's does not fit

    @property
    def help(self) -> str:
        """What ``--help`` shows, range and default included."""
        return self.says or help_of(self.record, self.field_name)

    @property
    def field(self) -> Field:
        """The setting."""
        return fields_of(self.record)[self.field_name]

    def raw(self, value: object) -> object:
        """Return what TOML would have had in place of a word."""
        if self.value is not None:
            return self.value
        if self.field.is_list and isinstance(value, str):
            return [part.strip() for part in value.split(",")]
        kind = self.field.kind
        return kind.from_word(value) if kind is not None and isinstance(value, str) else value


_CHECK_HELP: Final = "a path, such as /health, at which replicas are asked whether they are well"
_ALL: Final = (
    Flag("--listen", Server, "listen"),
    Flag("--workers", Server, "workers"),
    Flag("--threads", Server, "threads"),
    Flag("--accept", Server, "accept"),
    Flag("--admin", Server, "admin"),
    Flag("--forwarded", Server, "forwarded"),
    Flag("--drain-timeout", Server, "drain_timeout"),
    Flag("--deadline", Deadline, "default"),
    Flag("--per-try", Deadline, "per_try"),
    Flag("--hedge-delay", Hedge, "delay"),
    Flag("--hedge-aim", Hedge, "aim"),
    Flag("--hedge-budget", Hedge, "budget"),
    Flag("--hedge-extra", Hedge, "extra"),
    Flag("--hedge-mode", Hedge, "mode"),
    Flag("--hedge-probability", Hedge, "probability"),
    Flag("--hedge-methods", Hedge, "methods"),
    Flag("--max-attempts", Hedge, "max_attempts"),
    Flag("--same-replica", Hedge, "same_replica"),
    Flag("--no-hedge", Route, "hedge", "off", "send every request once, whatever happens to it"),
    Flag("--resolve", Upstream, "resolve"),
    Flag("--balance", Upstream, "balance"),
    Flag("--health-check", Check, "path", says=_CHECK_HELP),
    Flag("--no-eject", Upstream, "health", "off", "leave no replica alone for what it answers"),
    Flag("--max-connections", Upstream, "max_connections"),
    Flag("--connect-timeout", Upstream, "connect_timeout"),
    Flag("--ca-file", Upstream, "ca_file"),
    Flag("--no-verify", Upstream, "verify", False, "do not check the certificates of replicas"),
    Flag("--limit", Upstream, "limit"),
    Flag("--queue", Queue, "capacity"),
    Flag("--throttle", Upstream, "throttle"),
    Flag("--rate", Rate, "limit", says='how often one client may ask, such as "100/m"; more: 429'),
    Flag("--no-shed", Server, "shed", False, "take requests even while this process itself lags"),
    Flag("--max-body", Route, "max_body"),
    Flag("--access-log", Server, "access_log"),
    Flag("--access-log-format", Server, "access_log_format"),
    Flag("--trace", Server, "trace"),
    Flag("--server-timing", Server, "server_timing"),
)  # fmt: skip
#: Every flag that stands for one setting, by its name.
FLAGS: Final[Mapping[str, Flag]] = {flag.name: flag for flag in _ALL}
#: What settings of an upstream need among its replicas, where they are of use only then.
_CONCERNS: Final[Mapping[str, Callable[[ReplicaUrl], bool]]] = {
    "ca_file": lambda replica: replica.scheme == "https",
    "verify": lambda replica: replica.scheme == "https",
    "resolve": lambda replica: replica.is_name,
}
#: The help of the two flags that change a part of ``listen``.
HOST_HELP: Final = "the address to listen at, instead of the one in listen; 0.0.0.0 for everybody"
PORT_HELP: Final = "the port to listen at, instead of the one in listen; 0 for any that is free"

_KEEP_ONE: Final = "Keep one of the two."
#: The flag that without any upstream is about clients, and what it sets then.
_PATIENCE: Final = "--deadline"
_PATIENCE_OF: Final = ("head_timeout", "body_timeout", "write_timeout", "idle_timeout")
_TABLES_IN_ROUTE: Final = {Hedge: "hedge", Deadline: "deadline", Rate: "rate"}
#: A route with one of these sends nothing on: flags about that are for the others.
_ANSWERS_ITSELF: Final = frozenset({"root", "redirect", "respond"})
#: Tables of which a flag sets one part, and that may be "off" altogether; and whether of a route.
_MAY_BE_OFF: Final = {Check: ("check", False), Rate: ("rate", True)}
_TABLES_IN_UPSTREAM: Final = {Queue: "queue", Check: "check"}


def lay_over(tree: Tree, flags: Mapping[str, object]) -> dict[Path, str]:
    """Write the flags' values into the tree; return which flag each place now has it from.

    Values that are None were not given; so were switches of our own that are not on.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    origins = _listen_parts(tree, given)
    if not tree.upstreams and (patience := given.pop(_PATIENCE, None)) is not None:
        origins |= _limit_clients(tree, patience)
    for name, value in given.items():
        flag = FLAGS.get(name)
        if flag is None:
            raise HedgerowBug(f"{name} stands for no setting of serve")
        if flag.value is not None and value is not True:
            continue
        if flag.record is Hedge and given.get("--no-hedge") is True:
            raise ConfigError(name, got=value, must="given without --no-hedge", fix=_KEEP_ONE)
        if value == "off" and flag.record in _MAY_BE_OFF:
            origins |= _switch_off(tree, flag)
            continue
        places = _concerned(flag, _tables(tree, flag.record))
        if not places:
            must = "left out where nothing is sent to an upstream: it is about that"
            raise ConfigError(name, got=value, must=must, fix="Remove it.")
        for place, table in places:
            table[flag.field_name] = flag.raw(value)
            origins[(*place, flag.field_name)] = name
    return origins


def _switch_off(tree: Tree, flag: Flag) -> dict[Path, str]:
    """Write ``"off"`` in place of the whole table that the flag sets a part of."""
    key, is_route = _MAY_BE_OFF[flag.record]
    found: dict[Path, str] = {}
    if is_route:
        for number, table in enumerate(tree.routes):
            table[key] = "off"
            found["route", number, key] = flag.name
    else:
        for name, table in tree.upstreams.items():
            table[key] = "off"
            found["upstream", name, key] = flag.name
    return found


def _limit_clients(tree: Tree, value: object) -> dict[Path, str]:
    """Let ``--deadline`` be how long clients may take, where nothing is waited for but them.

    A number without a unit is seconds: so it is with the small servers that have this flag.
    """
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = f"{value}s"
    limits = tree.server.get("limits", {})
    if not isinstance(limits, Mapping):
        return {}  # a mistake in the file, which the reader shall find
    tree.server["limits"] = {**limits, **dict.fromkeys(_PATIENCE_OF, value)}
    return {("server", "limits", name): _PATIENCE for name in _PATIENCE_OF}


def _tables(tree: Tree, record: type[Record]) -> list[tuple[Path, dict[str, Any]]]:
    """Return every table that is a ``record``, and its place; made where there is none."""
    if record is Server:
        return [(("server",), tree.server)]
    if record is Upstream or record in _TABLES_IN_UPSTREAM:
        key = _TABLES_IN_UPSTREAM.get(record)
        outer: list[tuple[Path, dict[str, Any]]] = [
            (("upstream", name), table) for name, table in tree.upstreams.items()
        ]
    else:
        key = _TABLES_IN_ROUTE.get(record)
        outer = [
            (("route", number), table)
            for number, table in enumerate(tree.routes)
            if record is Rate or not _ANSWERS_ITSELF & table.keys()
        ]
    if key is None:
        return outer
    return [((*place, key), _inner(record, table, key)) for place, table in outer]


def _concerned(flag: Flag, tables: list[tuple[Path, dict[str, Any]]]) -> list[Any]:
    """Leave out upstreams that a flag can say nothing about, if it can about another one."""
    concerns = _CONCERNS.get(flag.field_name) if flag.record is Upstream else None
    if concerns is None:
        return tables
    found = []
    for entry in tables:
        try:
            replicas = REPLICAS.read(entry[1].get("replicas"))
        except Refused:
            return tables  # a mistake in the file, which the reader shall find
        if any(map(concerns, replicas)):
            found.append(entry)
    return found or tables


def _inner(record: type[Record], table: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the table at a key, so that it can be changed, whatever form it had."""
    before = table.get(key, {})
    if before == "off":
        before = {}  # a flag that says how it shall be says that it shall be
    long = before if isinstance(before, Mapping) else record.expand(before)
    inner = dict(long or {})
    if long is not None:  # else a mistake in the file, which the reader shall find
        table[key] = inner
    return inner


# --- listen, in parts ---


def _listen_parts(tree: Tree, given: dict[str, object]) -> dict[Path, str]:
    """Take --host and --port out of ``given`` and put them into the one address there is."""
    host, port = given.pop("--host", None), given.pop("--port", None)
    if host is None and port is None:
        return {}
    name, value = ("--host", host) if port is None else ("--port", port)
    if "--listen" in given:
        raise ConfigError(name, got=value, must="given without --listen", fix=_KEEP_ONE)
    listen = tree.server.get("listen", [fields_of(Server)["listen"].default[0].address])
    only = listen[0] if isinstance(listen, list) and len(listen) == 1 else listen
    table = only if isinstance(only, Mapping) else {"address": only}
    only = table.get("address")
    address = only if isinstance(only, str) else ""
    if ":" not in address or address.startswith("unix:"):
        fix = "Give all addresses with --listen instead."
        raise ConfigError(name, got=value, must="given where listen is one host:port", fix=fix)
    host_before, _, port_before = address.rpartition(":")
    if isinstance(host, str) and ":" in host and not host.startswith("["):
        host = f"[{host}]"
    port = port_before if port is None else _port(port)
    address = f"{host_before if host is None else host}:{port}"
    tree.server["listen"] = {**table, "address": address}
    path = ("server", "listen", "address") if len(table) > 1 else ("server", "listen")
    return {path: name}


def _port(value: object) -> int:
    try:
        return read_port(value)
    except Refused as error:
        fix = "Write for example --port 8080."
        raise ConfigError("--port", got=value, must=error.must, fix=fix) from error
