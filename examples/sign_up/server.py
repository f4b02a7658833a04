"""A sign-up API that sends each new user a mail: at once, in the background, or not at all.

Something to put under load, with the standard library only. A few workers share one database,
which is busy for --work seconds with each user; --mail says who waits for the mail server.
GET /users/1 tells of the first user; any other GET has 5 MB for an answer.

python examples/sign_up/server.py --mail blocking --mail-delay 0.5
curl -i http://127.0.0.1:8000/sign-up --json '{"email": "a@example.com", "username": "a"}'
hedgerow load examples/load/sign_up.py
"""

import argparse
import json
import threading
import time
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PICTURE = bytes(5 * 1024 * 1024)


class SignUps:
    """The users, and the mails to them."""

    def __init__(self, flags: argparse.Namespace) -> None:
        self._workers = threading.Semaphore(flags.workers)  # requests beyond them wait
        self._database = threading.Lock()
        self._taken: set[str] = set()
        self._emails: list[str] = []
        self._work: float = flags.work
        delay: float = flags.mail_delay
        postmen = ThreadPoolExecutor(max_workers=64)
        mails: dict[str, Callable[[], object]] = {
            "blocking": lambda: time.sleep(delay),
            "background": lambda: postmen.submit(time.sleep, delay),
            "off": lambda: None,
        }
        self._send_mail = mails[flags.mail]

    def add(self, email: str, username: str) -> int | None:
        """Add a user, send the mail, return the number; None where the user is there already."""
        with self._workers:
            with self._database:
                time.sleep(self._work)
                if not self._taken.isdisjoint((email, username)):
                    return None
                self._taken.update((email, username))
                self._emails.append(email)
                number = len(self._emails)
            self._send_mail()
        return number

    def email(self, number: str) -> str:
        """Return a user's address; LookupError where there is no such user."""
        if not number.isdecimal() or number == "0":
            raise LookupError(number)
        return self._emails[int(number) - 1]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    sign_ups: SignUps

    def do_POST(self) -> None:
        """Sign somebody up: 201, 409 where they are there already, 400 for anything else."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            user = self._fields(body)
            email = str(user["email"])
            username = str(user["username"] if "username" in user else email + user["password"])
        except (ValueError, KeyError, TypeError):
            self._answer_json(400, {"error": "email, and username or password, are needed"})
            return
        number = self.sign_ups.add(email, username)
        if number is None:
            self._answer_json(409, {"error": "there already"})
        else:
            self._answer_json(201, {"id": number})

    def do_GET(self) -> None:
        """Tell of a user, or send something large."""
        if not self.path.startswith("/users/"):
            self._answer(200, PICTURE, "image/png")
            return
        try:
            self._answer_json(200, {"email": self.sign_ups.email(self.path[len("/users/") :])})
        except LookupError:
            self._answer_json(404, {"error": "no such user"})

    def _fields(self, body: bytes) -> dict[str, str]:
        if "json" in self.headers.get("Content-Type", ""):
            return dict(json.loads(body))
        return dict(urllib.parse.parse_qsl(body.decode()))

    def _answer_json(self, status: int, document: dict[str, str | int]) -> None:
        self._answer(status, json.dumps(document).encode(), "application/json")

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no access log."""


class Server(ThreadingHTTPServer):
    """A thread a connection; a spike may queue up."""

    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that leave: under load there are many."""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mail", choices=("blocking", "background", "off"), default="blocking")
    parser.add_argument("--mail-delay", type=float, default=0.1, help="seconds")
    parser.add_argument("--work", type=float, default=0.05, help="seconds, one user at a time")
    parser.add_argument("--workers", type=int, default=5, help="requests at once")
    parser.add_argument("--port", type=int, default=8000)
    flags = parser.parse_args()
    Handler.sign_ups = SignUps(flags)
    Server(("127.0.0.1", flags.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
