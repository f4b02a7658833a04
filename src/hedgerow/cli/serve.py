"""``hedgerow serve``: the gateway."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from hedgerow.cli.process import StopSignals, announce, collect_orphans, run, settle, tell
from hedgerow.errors import ConfigError
from hedgerow.serve.assembly import assemble
from hedgerow.serve.entrances import check_certificates
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.settings import Settings
from hedgerow.serve.settings.flags import FLAGS, HOST_HELP, PORT_HELP
from hedgerow.serve.settings.reader import (
    settings_for_root,
    settings_for_urls,
    settings_from_file,
)
from hedgerow.serve.settings.show import show
from hedgerow.serve.workers.notify import Notifier
from hedgerow.serve.workers.planning import with_handed_down
from hedgerow.wire import Engine, Listening
from hedgerow.wire.opening import url

if TYPE_CHECKING:
    from hedgerow.serve.admin.server import AdminServer

_LISTENING = Group.create_ordered("Listening")
_WORKERS = Group.create_ordered("Workers")
_DEADLINES = Group.create_ordered("Deadlines")
_HEDGING = Group.create_ordered("Hedging and retries")
_REPLICAS = Group.create_ordered("Replicas")
_OVERLOAD = Group.create_ordered("Overload")
_OUTPUTS = Group.create_ordered("Log and trace")


def _flag(group: Group, name: str, *more: str) -> Parameter:
    """Declare a flag from the one declaration of its setting."""
    return Parameter(
        name=[name, *more],
        group=group,
        help=FLAGS[name].help,
        negative=(),
        allow_leading_hyphen=name == "--access-log",  # "-" is stdout
    )


Text = str | None
Switch = bool | None


@dataclass(frozen=True)
class Flags:
    """Every flag that stands for one setting; a test holds this list and that one together."""

    listen: Annotated[Text, _flag(_LISTENING, "--listen")] = None
    workers: Annotated[Text, _flag(_WORKERS, "--workers", "-w")] = None
    threads: Annotated[Text, _flag(_WORKERS, "--threads")] = None
    accept: Annotated[Text, _flag(_WORKERS, "--accept")] = None
    admin: Annotated[Text, _flag(_LISTENING, "--admin")] = None
    forwarded: Annotated[Text, _flag(_LISTENING, "--forwarded")] = None
    drain_timeout: Annotated[Text, _flag(_LISTENING, "--drain-timeout")] = None
    deadline: Annotated[Text, _flag(_DEADLINES, "--deadline", "-t", "--timeout")] = None
    per_try: Annotated[Text, _flag(_DEADLINES, "--per-try")] = None
    hedge_delay: Annotated[Text, _flag(_HEDGING, "--hedge-delay")] = None
    hedge_aim: Annotated[Text, _flag(_HEDGING, "--hedge-aim")] = None
    hedge_budget: Annotated[Text, _flag(_HEDGING, "--hedge-budget")] = None
    hedge_extra: Annotated[Text, _flag(_HEDGING, "--hedge-extra")] = None
    hedge_mode: Annotated[Text, _flag(_HEDGING, "--hedge-mode")] = None
    hedge_probability: Annotated[Text, _flag(_HEDGING, "--hedge-probability")] = None
    hedge_methods: Annotated[Text, _flag(_HEDGING, "--hedge-methods")] = None
    max_attempts: Annotated[Text, _flag(_HEDGING, "--max-attempts")] = None
    same_replica: Annotated[Switch, _flag(_HEDGING, "--same-replica")] = None
    no_hedge: Annotated[Switch, _flag(_HEDGING, "--no-hedge")] = None
    resolve: Annotated[Text, _flag(_REPLICAS, "--resolve")] = None
    balance: Annotated[Text, _flag(_REPLICAS, "--balance")] = None
    health_check: Annotated[Text, _flag(_REPLICAS, "--health-check")] = None
    no_eject: Annotated[Switch, _flag(_REPLICAS, "--no-eject")] = None
    max_connections: Annotated[Text, _flag(_REPLICAS, "--max-connections")] = None
    connect_timeout: Annotated[Text, _flag(_REPLICAS, "--connect-timeout")] = None
    ca_file: Annotated[Text, _flag(_REPLICAS, "--ca-file")] = None
    no_verify: Annotated[Switch, _flag(_REPLICAS, "--no-verify")] = None
    limit: Annotated[Text, _flag(_OVERLOAD, "--limit")] = None
    queue: Annotated[Text, _flag(_OVERLOAD, "--queue")] = None
    throttle: Annotated[Switch, _flag(_OVERLOAD, "--throttle")] = None
    rate: Annotated[Text, _flag(_OVERLOAD, "--rate")] = None
    no_shed: Annotated[Switch, _flag(_OVERLOAD, "--no-shed")] = None
    max_body: Annotated[Text, _flag(_OVERLOAD, "--max-body")] = None
    access_log: Annotated[Text, _flag(_OUTPUTS, "--access-log", "-l", "--log")] = None
    access_log_format: Annotated[Text, _flag(_OUTPUTS, "--access-log-format")] = None
    trace: Annotated[Switch, _flag(_OUTPUTS, "--trace", "-d", "--debug")] = None
    server_timing: Annotated[Switch, _flag(_OUTPUTS, "--server-timing")] = None


@dataclass(frozen=True)
class Shorthand:
    """Flags that stand for a part of a setting, or for a whole route."""

    root: Annotated[
        Text, Parameter(name=["--root", "-r"], help="a directory whose files are served")
    ] = None
    host: Annotated[Text, Parameter(name=["--host", "-a"], help=HOST_HELP, group=_LISTENING)] = None
    port: Annotated[Text, Parameter(name=["--port", "-p"], help=PORT_HELP, group=_LISTENING)] = None


NO_FLAGS = Flags()
NOTHING_SHORT = Shorthand()


def serve(
    *urls: Annotated[
        str, Parameter(help="replicas to send everything to, or a directory to serve", show=True)
    ],
    config: Annotated[
        Path | None, Parameter(name=["--config", "-c"], help="a settings file (TOML)")
    ] = None,
    short: Annotated[Shorthand, Parameter(name="*")] = NOTHING_SHORT,
    flags: Annotated[Flags, Parameter(name="*")] = NO_FLAGS,
    check: Annotated[bool, Parameter(help="check the settings and leave", negative=())] = False,
    show_settings: Annotated[
        bool, Parameter(help="print the settings in force and where each is from", negative=())
    ] = False,
) -> int:
    """A reverse proxy that hedges slow requests, keeps deadlines and sheds overload.

    Give the replicas of one upstream as URLs, a directory whose files are
    served, or a settings file. A flag wins over the file.

    For example:
        hedgerow serve ./public -p 8080 -w 4
        hedgerow serve http://127.0.0.1:9000 -p 8080
        hedgerow serve http://10.0.0.1:9000 http://10.0.0.2:9000 --deadline 1s
        hedgerow serve http://127.0.0.1:9000 --hedge-delay 300ms --same-replica
        hedgerow serve http://127.0.0.1:9000 --limit adaptive --rate 100/m
        hedgerow serve http://app:9000 --resolve 10s --health-check /health
        hedgerow serve -c hedgerow.toml --show-settings
    """
    words = {f"--{name.replace('_', '-')}": value for name, value in vars(flags).items()}
    words |= {"--host": short.host, "--port": short.port}
    _check_log(flags.access_log)

    def read() -> Settings:
        settings = _settings(urls, short.root, config, words)
        check_certificates(settings, announce)
        return settings

    settings = read()
    if show_settings:
        sys.stdout.write(show(settings) + "\n")
    if check:
        announce("the settings are fine")
    if check or show_settings:
        return 0
    if settings.server.workers.needs_supervisor or settings.server.threads > 1:
        return _supervise(settings, read)
    return run(_serve(settings))


def _check_log(file: Text) -> None:
    """Find the flag that was taken for the file of another one."""
    if file is not None and file.startswith("-") and file != "-":
        raise ConfigError(
            "--access-log", got=file, must="a file, or - for stdout", fix=f"Write ./{file} for one."
        )


def _settings(
    urls: tuple[str, ...], root: Text, config: Path | None, words: dict[str, object]
) -> Settings:
    given = {"URL": next(iter(urls), None), "--root": root, "--config": config}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        first, other = names[:2]
        raise ConfigError(
            first, got=str(given[first]), must=f"given without {other}", fix="Keep one of them."
        )
    if len(urls) == 1 and _is_directory(urls[0]):
        root = urls[0]
    if root is not None:
        return settings_for_root(root, words)
    if config is not None:
        return settings_from_file(config, words)
    if not urls:
        raise ConfigError(
            "serve",
            got="nothing",
            must="given a URL, a directory or a settings file",
            fix="Write for example hedgerow serve http://127.0.0.1:9000.",
        )
    return settings_for_urls(urls, words)


def _is_directory(word: str) -> bool:
    """Say whether a word is meant as one; else it is a URL, perhaps a wrong one."""
    return "://" not in word and (":" not in word or word.startswith((".", "/")))


def _supervise(settings: Settings, read: Callable[[], Settings]) -> int:
    # Here and not above: one process needs nothing of it.
    from hedgerow.serve.workers.supervisor import Supervisor
    from hedgerow.serve.workers.worker import Surroundings

    return Supervisor(settings, read, Surroundings(tell, settle), announce).run()


async def _serve(settings: Settings) -> int:
    signals, notifier = StopSignals(), Notifier()
    settings = with_handed_down(settings)
    loop = asyncio.get_running_loop()
    engine = Engine(loop)
    gateway = assemble(settings, engine, tell)
    listening = [Listening(one.address, mode=one.mode) for one in settings.server.listen]
    if os.getpid() == 1:
        engine.sweeper.add(collect_orphans)
    admin = await _admin(settings, gateway, engine)
    await gateway.listen(listening)
    settle()
    for one, listen in zip(listening, settings.server.listen, strict=True):
        announce(f"serving on {url(one.bound_to, is_tls=listen.tls is not None)}")
    if any(listen.tls is not None for listen in settings.server.listen):
        loop.add_signal_handler(signal.SIGHUP, gateway.reload_certificates)
    loop.add_signal_handler(signal.SIGUSR1, _reopen_logs, gateway)
    notifier.ready("1 process")
    code = await signals.wait()
    announce("draining")
    notifier.stopping()
    left = await gateway.drain(settings.server.drain_timeout)
    if left:
        announce(f"{left} connections were still busy after the drain timeout")
    if admin is not None:
        admin.close()
    engine.close()
    return code


def _reopen_logs(gateway: Gateway) -> None:
    try:
        gateway.reopen_logs()
    except OSError as error:
        announce(f"SIGUSR1: the access log stays where it was ({error})")
    else:
        announce("SIGUSR1: the access log is opened again")


async def _admin(settings: Settings, gateway: Gateway, engine: Engine) -> "AdminServer | None":
    if settings.server.admin is None:
        return None
    # Here and not above: it loads the Prometheus client, which --help need not wait for.
    from hedgerow.serve.admin.server import AdminServer
    from hedgerow.serve.admin.sources import GatewaySource

    admin = AdminServer(GatewaySource(gateway), engine)
    listening = Listening(settings.server.admin)
    await admin.listen(listening)
    announce(f"metrics and traces on {url(listening.bound_to)}")
    if not listening.is_local:
        announce("whoever can connect there can read them: it is not this machine alone")
    return admin
