"""Which processes are meant: by their id, by the port they listen on, by a socket's path.

Every process that holds the listening socket is found, workers that inherited it too, and
of a family of them only the eldest is told: whoever watches, watches its descendants.
Must not know what is done with them.

Why not ``psutil.net_connections``: of several processes that share a socket it names one,
whichever has the lowest id.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import psutil

from hedgerow.errors import ConfigError, StartError
from hedgerow.load.machine.cgroup import PROC, read_text

_LISTEN: Final = "0A"  # the state in /proc/net/tcp


def find_pids(text: str) -> list[int]:
    """Find whom ``1234``, ``:8080`` or ``/run/app.sock`` means.

    Raises ConfigError for what is none of them, StartError where nobody is found.
    """
    if text.isdecimal():
        if not psutil.pid_exists(int(text)):
            raise StartError(
                "--watch", got=text, must="a running process", fix="Start it first, or see ps."
            )
        return [int(text)]
    if text.startswith(":") and text[1:].isdecimal() and int(text[1:]) <= 65535:
        return _owners(text, _tcp_listeners(int(text[1:])))
    if text.startswith(("/", "unix:/")):
        return _owners(text, _unix_listeners(text.removeprefix("unix:")))
    raise ConfigError(
        "--watch",
        got=text,
        must="a process id, a port such as :8080 or the path of a unix socket",
        fix="To watch what listens on port 8080, write --watch :8080.",
    )


def listening_pids(port: int) -> list[int]:
    """The processes that listen on this port, as far as we may see; the eldest only."""
    return eldest(_holders(_tcp_listeners(port)))


def eldest(pids: Iterable[int]) -> list[int]:
    """Leave out every process that descends from another of them."""
    found = set(pids)
    return sorted(pid for pid in found if found.isdisjoint(_ancestors(pid)))


def listening_inodes(text: str, port: int) -> set[str]:
    """Read ``/proc/net/tcp`` or ``tcp6``: the inodes of sockets that listen on this port."""
    found: set[str] = set()
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == _LISTEN and int(words[1].rpartition(":")[2], 16) == port:
            found.add(words[9])
    return found


def unix_inodes(text: str, path: str) -> set[str]:
    """Read ``/proc/net/unix``: the inodes of sockets with this path that accept connections.

    Accepted connections have the path too; only a listener has the flag 00010000.
    """
    rows = (line.split(None, 7) for line in text.splitlines()[1:])
    return {
        row[6] for row in rows if len(row) > 7 and row[3] == "00010000" and row[7].strip() == path
    }


def _owners(text: str, inodes: set[str]) -> list[int]:
    if not inodes:
        raise StartError(
            "--watch", got=text, must="listened on", fix="Nobody does: start the server first."
        )
    pids = eldest(_holders(inodes))
    if not pids:
        raise StartError(
            "--watch",
            got=text,
            must="listened on by a process of yours",
            fix="It belongs to another user or container: watch it by its id, run as its user or"
            " as root.",
        )
    return pids


# --- by the kernel's tables, or by psutil's where there are none ---

#: Stands for "the processes of this port", where sockets have no inodes to go by.
_BY_PSUTIL: Final = "psutil:"


def _tcp_listeners(port: int) -> set[str]:
    tables = [read_text(PROC / "net" / name) for name in ("tcp", "tcp6")]
    if not any(tables):  # macOS: only our own processes tell
        return {f"{_BY_PSUTIL}{pid}" for pid in _tcp_listeners_by_process(port)}
    return {inode for table in tables for inode in listening_inodes(table, port)}


def _unix_listeners(path: str) -> set[str]:
    return unix_inodes(read_text(PROC / "net" / "unix"), path)


def _tcp_listeners_by_process(port: int) -> set[int]:
    found: set[int] = set()
    for process in psutil.process_iter():
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:
            continue
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections):
            found.add(int(process.pid))
    return found


def _holders(inodes: set[str]) -> set[int]:
    """The processes that have one of these sockets open."""
    told = {int(inode.removeprefix(_BY_PSUTIL)) for inode in inodes if inode.startswith(_BY_PSUTIL)}
    if told or not inodes:
        return told
    links = {f"socket:[{inode}]" for inode in inodes}
    return {pid for pid in psutil.pids() if _has_open(PROC / str(pid) / "fd", links)}


def _has_open(folder: Path, links: set[str]) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(_link(entry) in links for entry in entries)
    except OSError:
        return False  # gone, or somebody else's


def _link(entry: "os.DirEntry[str]") -> str:
    try:
        return os.readlink(entry.path)
    except OSError:
        return ""  # closed meanwhile


def _ancestors(pid: int) -> set[int]:
    try:
        return {int(parent.pid) for parent in psutil.Process(pid).parents()}
    except psutil.Error:
        return set()
