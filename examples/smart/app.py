"""The smart endpoint as a FastAPI app: an answer in time from an upstream that is often late.

UPSTREAM=http://127.0.0.1:9000/api/work uvicorn --app-dir examples/smart app:app --port 8081
curl -i http://127.0.0.1:8081/api/smart/1000
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from hedgerow.client import AllAttemptsFailed, DeadlineExceeded, hedge
from hedgerow.policy import DeadlineRule, Situation

UPSTREAM = os.environ.get("UPSTREAM", "http://127.0.0.1:9000/api/work")
CONNECTIONS = 1000  # to the upstream; an attempt that finds none free waits for one
DEADLINES = DeadlineRule(default=60.0, minimum=0.3, maximum=60.0, unit="ms")
REFUSALS = {
    Situation.DEADLINE_MALFORMED: "Endpoint timeout parameter should be integer",
    Situation.DEADLINE_TOO_SHORT: "Endpoint timeout parameter should be above 300",
}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One session for all requests, so that they share its connections."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as app.state.session:
        yield


app = FastAPI(lifespan=lifespan)


async def ask_upstream() -> object:
    """One attempt: whatever it raises makes it a failed one."""
    async with app.state.session.get(UPSTREAM) as answer:
        if answer.status != 200:
            raise RuntimeError(f"the upstream said {answer.status}")
        body = await answer.json(content_type=None)
        return body["time"]


@app.get("/api/smart/{milliseconds}")
async def smart(milliseconds: str) -> JSONResponse:
    deadline = DEADLINES.read(milliseconds)
    if isinstance(deadline, Situation):
        return JSONResponse({"message": REFUSALS[deadline]}, status_code=400)
    try:
        time = await hedge(ask_upstream, delay=0.3, extra=2, deadline=deadline)
    except AllAttemptsFailed:
        return JSONResponse({"message": "ERROR"}, status_code=502)
    except DeadlineExceeded:
        return JSONResponse({"message": "ERROR"}, status_code=504)
    return JSONResponse({"time": time, "message": "SUCCESS"})
