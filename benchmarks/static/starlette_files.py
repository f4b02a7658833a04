"""The files of a directory below /static/, as a Python team would serve them with Starlette.

    python starlette_files.py PORT DIRECTORY

Made to be this stack's best case: uvicorn with uvloop and httptools, no log.
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles


def app(directory: str) -> Starlette:
    """Make the application."""
    return Starlette(routes=[Mount("/static", StaticFiles(directory=directory))])


if __name__ == "__main__":
    uvicorn.run(
        app(sys.argv[2]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        backlog=4096,
    )
