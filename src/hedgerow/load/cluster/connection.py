"""The scheduler of a cluster, seen from the machine where the run is asked for.

Everything of dask that a run needs from this side; what goes wrong is said in our words.
Must not know what is run.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final

import distributed
from distributed.security import Security

from hedgerow.errors import StartError
from hedgerow.load.cluster.address import ClusterAddress

#: Its client is not typed.
_dask: Final[Any] = distributed
#: Seconds for connecting to a scheduler, over any distance.
_CONNECT: Final = 10.0
#: Seconds for a worker to answer a question.
_ANSWER: Final = 10.0
_CLOSE: Final = 5.0


class Connection:
    """A client of the scheduler."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._cancelling: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, address: ClusterAddress, tls: tuple[str, str, str] | None) -> "Connection":
        """Connect; ``tls`` are files: CA, certificate, key.  Raises StartError."""
        # What goes wrong is told by us, once.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        url = address.url(is_tls=tls is not None)
        try:
            await _knock(address)
            client = _dask.Client(
                url,
                asynchronous=True,
                timeout=_CONNECT,
                set_as_default=False,
                name="hedgerow",
                security=None if tls is None else _security(tls),
            )
            await _connected(client)
        except (OSError, ValueError, RuntimeError, TimeoutError) as error:
            raise StartError(
                f"scheduler {url}",
                got=" ".join(str(error).split()) or type(error).__name__,
                must=f"reachable within {_CONNECT:g}s",
                fix="Start it with dask scheduler --port 8786; where it wants TLS, give"
                " --cluster-tls CA,CERT,KEY.",
            ) from error
        return cls(client)

    async def workers(self) -> dict[str, str]:
        """The address of each worker, and the host that it is on."""
        identity = await self._client.scheduler.identity(n_workers=-1)
        return {address: info["host"] for address, info in identity["workers"].items()}

    async def ask(self, worker: str, question: Callable[..., Any]) -> Any:
        """Run a function on a worker, beside its tasks; raises StartError."""
        try:
            async with asyncio.timeout(_ANSWER):
                answers = await self._client.run(question, workers=[worker])
        except Exception as error:  # whatever the function raised there, too
            raise StartError(
                f"worker {worker}",
                got=f"{type(error).__name__}: {error}",
                must="able to run Hedgerow",
                fix="Install hedgerow[cluster] in the environment in which dask worker is started.",
            ) from error
        return answers[worker]

    def start(self, worker: str, name: str, task: Callable[..., Any], *args: object) -> Any:
        """Start a task on this worker, on no other one, and never again; returns its future."""
        return self._client.submit(
            task,
            *args,
            key=name,
            workers=[worker],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )

    def cancel(self, future: Any) -> None:
        """Want a task's result no more, so that it is not started again elsewhere."""

        async def cancel() -> None:
            with contextlib.suppress(Exception):
                await future.cancel(force=True)

        task = asyncio.create_task(cancel())
        self._cancelling.add(task)
        task.add_done_callback(self._cancelling.discard)

    async def order(self, worker: str, operation: str, orders: bytes) -> None:
        """Hand orders to a worker; what goes wrong is not told, they are sent again."""
        with contextlib.suppress(Exception):
            await self._client.scheduler.broadcast(
                msg={"op": operation, "orders": orders},
                workers=[worker],
                on_error="return_pickle",
            )

    def listen(self, topic: str, heard: Callable[[Any], None]) -> None:
        """Call ``heard`` with every message under a topic, from now on."""
        self._client.subscribe_topic(topic, lambda event: heard(event[1]))

    def listen_for_end(self, worker: str, gone: Callable[[], None]) -> None:
        """Call ``gone`` when the scheduler has lost a worker, which it notices at once."""

        def heard(message: Any) -> None:
            if isinstance(message, dict) and message.get("action") == "remove-worker":
                gone()

        self.listen(worker, heard)

    async def close(self) -> None:
        """Let go of everything."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE):
                await asyncio.gather(*self._cancelling)
                await self._client.close()


async def _knock(address: ClusterAddress) -> None:
    """Fail at once where nobody listens: dask tries it again until its time is over."""
    async with asyncio.timeout(_CONNECT):
        _, writer = await asyncio.open_connection(address.host.strip("[]"), address.port)
    writer.close()


async def _connected(client: Any) -> None:
    """Wait for a client; dask sets no limit for one who accepts and then says nothing."""
    connecting = asyncio.ensure_future(client)
    try:
        async with asyncio.timeout(_CONNECT):
            await asyncio.shield(connecting)
    except (TimeoutError, asyncio.CancelledError):
        connecting.cancel()
        with contextlib.suppress(Exception, asyncio.CancelledError):
            async with asyncio.timeout(1.0):
                await client.close(timeout=0.5)
        raise


def _security(tls: tuple[str, str, str]) -> Security:
    ca, certificate, key = tls
    security: Security = _dask.Security(
        require_encryption=True,
        tls_ca_file=ca,
        tls_client_cert=certificate,
        tls_client_key=key,
    )
    return security
