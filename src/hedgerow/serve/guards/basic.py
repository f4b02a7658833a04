"""Users and passwords (RFC 7617), kept as bcrypt hashes in an htpasswd file.

The hashing is the ``bcrypt`` package's.  It is slow on purpose (tens of milliseconds), so it runs
in a thread, and what was found right is remembered for a minute: the hash of the credentials, and
not they.  Must not know routes.
"""

import asyncio
import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from hedgerow.errors import ConfigError

_REMEMBERED_FOR: Final = 60.0
_MOST_REMEMBERED: Final = 10_000
#: Passwords that are compared at once; one processor is left for everything else.
_MOST_AT_ONCE: Final = max(1, (os.cpu_count() or 2) - 1)
#: The form of a bcrypt hash: version, cost, salt and digest.
_HASH: Final = re.compile(r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")


def read_htpasswd(path: str, where: str) -> Mapping[str, bytes]:
    """Return the hashes by user; raises ConfigError for a file that cannot be used."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(where, got=path, must="a file of users", fix=f"({error})") from error
    users: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        user, colon, kept = line.strip().partition(":")
        if not (user and colon and _HASH.fullmatch(kept)):
            must = "user:hash with a bcrypt hash, which begins with $2y$"
            fix = f"Make it with: htpasswd -B {path} USER"
            raise ConfigError(f"{where} line {number}", got=user, must=must, fix=fix)
        users[user] = kept.encode()
    if not users:
        fix = f"Add one with: htpasswd -B {path} USER"
        raise ConfigError(where, got=path, must="a file of at least one user", fix=fix)
    return users


def credentials(authorization: bytes) -> tuple[str, bytes] | None:
    """Return user and password of an Authorization field; None where it has none."""
    scheme, _, coded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        user, colon, password = base64.b64decode(coded.strip(), validate=True).partition(b":")
        return (user.decode("utf-8"), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _always() -> bool:
    return True


class BasicUsers:
    """Who may come in, and what was found right lately."""

    def __init__(self, users: Mapping[str, bytes], check: Callable[[bytes, bytes], bool]) -> None:
        """``check`` compares a password with a hash, slowly."""
        self._users = users
        # Compared for names that are not known, so that they take as long: the dearest there is.
        self._decoy = max(users.values(), key=lambda kept: kept[4:6])
        self._check = check
        self._right: dict[bytes, float] = {}  # until when each is believed
        self._key = os.urandom(16)
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)
        # Of their own: files and names must not wait behind passwords.
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, "passwords")

    def is_known(self, now: float, user: str, password: bytes) -> bool:
        """Say whether these were found right within the last minute."""
        return self._right.get(self._digest(user, password), 0.0) > now

    async def verify(
        self, now: float, user: str, password: bytes, is_wanted: Callable[[], bool] = _always
    ) -> bool:
        """Compare, in a thread; ``now`` is monotonic seconds.

        ``is_wanted`` is asked when it is this one's turn: its client may be gone.
        """
        kept = self._users.get(user, self._decoy)
        async with self._turns:
            if not is_wanted():
                return False
            if self.is_known(now, user, password):
                return True  # the one before in the line had the same
            loop = asyncio.get_running_loop()
            # bcrypt looks at 72 bytes, and newer versions refuse more instead of cutting them.
            matches = await loop.run_in_executor(self._threads, self._check, password[:72], kept)
        if not matches or user not in self._users:
            return False
        if len(self._right) >= _MOST_REMEMBERED:
            self._right.clear()
        self._right[self._digest(user, password)] = now + _REMEMBERED_FOR
        return True

    def _digest(self, user: str, password: bytes) -> bytes:
        said = b"%d:%b:%b" % (len(user), user.encode(), password)
        return hashlib.blake2b(said, key=self._key, digest_size=16).digest()


def bcrypt_check(where: str) -> Callable[[bytes, bytes], bool]:
    """Return the comparison of the bcrypt package, which is an extra."""
    try:
        import bcrypt
    except ImportError as error:
        fix = 'Install it with: pip install "hedgerow[auth]"'
        raise ConfigError(where, got="no package bcrypt", must="installed", fix=fix) from error
    return bcrypt.checkpw
