"""A reverse proxy as a Python team would write it with aiohttp: server and client, uvloop.

    python aiohttp_proxy.py PORT UPSTREAM_PORT

Made to be this stack's best case for small answers: one session without a
connection limit, bodies passed through as they are, no access log.
"""

import asyncio
import sys
from typing import Final

import uvloop
from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web

# RFC 9110, 7.6.1, and the framing, which the server below writes itself.
_HOP_BY_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "content-length", "date", "server",
    }
)  # fmt: skip


class Proxy:
    """Sends each request on and gives the whole answer back."""

    def __init__(self, session: ClientSession, upstream: str) -> None:
        self._session = session
        self._upstream = upstream

    async def handle(self, request: web.Request) -> web.Response:
        """Forward one request."""
        body = await request.read() if request.can_read_body else None
        async with self._session.request(
            request.method,
            self._upstream + request.path_qs,
            headers=[item for item in request.headers.items() if _end_to_end(item[0])],
            data=body,
            allow_redirects=False,
        ) as answer:
            return web.Response(
                status=answer.status,
                headers=[item for item in answer.headers.items() if _end_to_end(item[0])],
                body=await answer.read(),
            )


async def serve(port: int, upstream_port: int) -> None:
    """Serve until the process is ended."""
    connector = TCPConnector(limit=0, keepalive_timeout=75)
    async with ClientSession(
        connector=connector, auto_decompress=False, cookie_jar=DummyCookieJar()
    ) as session:
        proxy = Proxy(session, f"http://127.0.0.1:{upstream_port}")
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
        await asyncio.Event().wait()


def _end_to_end(field: str) -> bool:
    return field.lower() not in _HOP_BY_HOP


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
