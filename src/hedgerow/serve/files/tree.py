"""Opening files beneath a directory, and nothing outside it.

The check is the kernel's, at the moment of opening, and not ours before it: with ``openat2`` and
RESOLVE_BENEATH (Linux 5.6) a name cannot leave the directory by any link, however links change
meanwhile.  Where that call is missing names are walked segment by segment without following any.
What was opened is looked at (``fstat``) and served from that descriptor.  Opening never waits
(O_NONBLOCK): a FIFO without a writer would.  Must not know HTTP.
"""

import ctypes
import errno
import os
import stat
import sys
from dataclasses import dataclass
from typing import Final, Literal

Links = Literal["inside", "none", "all"]

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
_AS_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LOOK_EVERY: Final = 1.0  # seconds
#: linux/openat2.h, and the number of the call on every architecture since Linux 5.6.
_OPENAT2: Final = 437
_NO_MAGIC_LINKS: Final = 0x02
_NO_SYMLINKS: Final = 0x04
_BENEATH: Final = 0x08
_TRIES: Final = 4  # the kernel says EAGAIN where something was renamed on the way


class _How(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


@dataclass(slots=True)
class Opened:
    """A file or directory that is open; whoever has it closes it."""

    fd: int
    status: os.stat_result

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def copy(self) -> "Opened":
        """Return the same under another descriptor; raises OSError where none is left."""
        return Opened(os.dup(self.fd), self.status)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.fd)


class Tree:
    """One directory; ``links``: which symbolic links are followed.

    ``inside``: those that stay beneath the directory (absolute ones never do); ``none``;
    ``all``: wherever they lead, which is for whoever owns every link there.
    """

    def __init__(self, directory: str, links: Links = "inside") -> None:
        """Hold the directory open; raises OSError where it cannot be."""
        self._directory = directory
        self._links = links
        self._root = os.open(directory, _AS_DIRECTORY)
        self._libc = _libc()
        self._look_at = 0.0

    def copy(self) -> "Tree":
        """Return the same with a descriptor of its own."""
        other = object.__new__(Tree)
        other.__dict__.update(self.__dict__)
        other._root = os.dup(self._root)
        return other

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._root)

    def look(self, now: float) -> None:
        """See once a second whether another directory has the name now, and take that.

        Whoever publishes a new version swaps directories, or the link that leads to one.
        """
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY
        try:
            there, here = os.stat(self._directory), os.fstat(self._root)
            if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
                root = os.open(self._directory, _AS_DIRECTORY)
                os.close(self._root)
                self._root = root
        except OSError:
            pass  # between the old one and the new one there may be none

    def open(self, path: bytes) -> Opened | None:
        """Open a regular file or a directory; None where there is none that may be seen.

        Raises OSError for what has nothing to do with the name: no descriptor is left, say.
        """
        try:
            fd = self._opened(path)
        except OSError as error:
            if error.errno in _ABOUT_THE_NAME:
                return None
            raise
        status = os.fstat(fd)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            os.close(fd)
            return None
        return Opened(fd, status)

    def _opened(self, path: bytes) -> int:
        if self._links == "all":
            return os.open(path, _FLAGS, dir_fd=self._root)
        if self._libc is None:
            return self._walked(path)
        resolve = _BENEATH | _NO_MAGIC_LINKS
        if self._links == "none":
            resolve |= _NO_SYMLINKS
        how, number = _How(_FLAGS, 0, resolve), errno.EAGAIN
        for _ in range(_TRIES):
            fd: int = self._libc.syscall(
                _OPENAT2, self._root, path, ctypes.byref(how), ctypes.sizeof(how)
            )
            if fd >= 0:
                return fd
            number = ctypes.get_errno()
            if number == errno.ENOSYS or number == errno.EPERM:
                self._libc = None  # an old kernel, or a sandbox that does not know the call
                return self._walked(path)
            if number != errno.EAGAIN:
                break
        raise OSError(number, os.strerror(number))

    def _walked(self, path: bytes) -> int:
        """Open segment by segment, following no link at all."""
        at, last = self._root, len(path.split(b"/")) - 1
        for number, segment in enumerate(path.split(b"/")):
            flags = os.O_NOFOLLOW | (_FLAGS if number == last else _FLAGS | os.O_DIRECTORY)
            try:
                fd = os.open(segment, flags, dir_fd=at)
            finally:
                if at != self._root:
                    os.close(at)
            at = fd
        return at


#: It is not there, may not be seen, or is something else than it would have to be.
_ABOUT_THE_NAME: Final = frozenset({
    errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.EXDEV,
    errno.ENAMETOOLONG, errno.ENXIO, errno.ENODEV, errno.EINVAL, errno.EAGAIN, errno.EBADF,
})  # fmt: skip


def _libc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    return ctypes.CDLL(None, use_errno=True)
