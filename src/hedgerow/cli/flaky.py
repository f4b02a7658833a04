"""``hedgerow flaky``: an upstream that misbehaves on purpose."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hedgerow.cli.process import StopSignals, announce, listen_address, run, settle
from hedgerow.errors import ConfigError
from hedgerow.faults import SETTINGS, Behaviour
from hedgerow.flaky import FlakyServer
from hedgerow.wire import Engine, Listening


def _setting(name: str) -> Parameter:
    """Declare a flag from the one table of settings."""
    setting = SETTINGS[name]
    default = setting.write(setting.default)
    return Parameter(
        name=setting.flag, help=f"{setting.help} [default: {default}]", show_default=False
    )


def flaky(  # noqa: PLR0913  # a verb's flags are its parameters
    *,
    host: Annotated[str, Parameter(alias="-a", help="address to listen on")] = "127.0.0.1",
    port: Annotated[str, Parameter(alias="-p", help="port to listen on; 0 for any")] = "9000",
    latency: Annotated[str | None, _setting("latency")] = None,
    errors: Annotated[str | None, _setting("errors")] = None,
    workers: Annotated[str | None, _setting("workers")] = None,
    queue: Annotated[str | None, _setting("queue")] = None,
    notices_cancel: Annotated[str | None, _setting("notices_cancel")] = None,
    spells: Annotated[str | None, _setting("spells")] = None,
    seed: Annotated[str | None, _setting("seed")] = None,
) -> int:
    """An upstream that misbehaves on purpose.

    Every path answers {"time": <milliseconds of work>} after a drawn latency,
    unless something goes wrong. Without flags it is mostly fast, now and then
    slow, and every tenth answer is an error. GET /__stats counts; PATCH
    /__behaviour changes the settings while it runs.

    For example:
        hedgerow flaky -p 9000 --latency lognormal:20ms,15ms --errors '500:5%'
        hedgerow flaky -p 9000 --workers 8 --queue 50 --seed 7
        curl -X PATCH localhost:9000/__behaviour -d '{"latency": "constant:2s"}'
    """
    flags = {
        "latency": latency,
        "errors": errors,
        "workers": workers,
        "queue": queue,
        "notices_cancel": notices_cancel,
        "spells": spells,
        "seed": seed,
    }
    given = {name: text for name, text in flags.items() if text is not None}
    behaviour = Behaviour().changed(given, read_samples=_read_samples, called=lambda s: s.flag)
    listening = Listening(listen_address(host, port))
    return run(_serve(behaviour, listening))


async def _serve(behaviour: Behaviour, listening: Listening) -> int:
    signals = StopSignals()
    engine = Engine(asyncio.get_running_loop())
    server = FlakyServer(engine, behaviour)
    await server.listen(listening)
    settle()
    announce(f"flaky listens on http://{listening.bound_to}")
    code = await signals.wait()
    listening.close()
    server.close()
    engine.close()
    return code


def _read_samples(name: str) -> list[float]:
    """Read latencies in seconds, one number a line, for replay:FILE."""
    try:
        return [float(line) for line in Path(name).read_text().split()]
    except (OSError, ValueError) as error:
        raise ConfigError(
            "replay",
            got=name,
            must="a file with one number of seconds a line",
            fix=f"({error})",
        ) from error
