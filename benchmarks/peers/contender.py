"""What an experiment needs to know of a program: its version and how to start it."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SYSTEM_PATHS: Final = ("/usr/sbin", "/usr/local/sbin")  # not on every user's PATH


@dataclass(frozen=True)
class Site:
    """Where one contender runs: an empty directory, its port, and whom it forwards to."""

    directory: Path
    port: int
    upstream_port: int
    further_ports: tuple[int, ...] = ()  # replicas that do the same work as the first one

    @property
    def upstream_ports(self) -> tuple[int, ...]:
        """All replicas of the upstream."""
        return (self.upstream_port, *self.further_ports)

    def write(self, name: str, text: str) -> Path:
        """Put a settings file into the directory."""
        path = self.directory / name
        path.write_text(text)
        return path


@dataclass(frozen=True)
class Contender:
    """A program under test; ``version`` may raise, ``command`` writes settings into the site."""

    name: str
    version: Callable[[], str]  # raises NotInstalledError
    command: Callable[[Site], list[str]]


class NotInstalledError(Exception):
    """A peer is not on this machine: the experiment goes on without it and says so."""


def program(name: str) -> str:
    """Give the path of an executable."""
    found = shutil.which(name) or next(
        (path for place in _SYSTEM_PATHS if (path := shutil.which(name, path=place))), None
    )
    if found is None:
        raise NotInstalledError(f"no program {name!r} on PATH")
    return found


def version_from(command: Sequence[str], pattern: str) -> str:
    """Run a version command and take the first group of ``pattern`` from what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    match = re.search(pattern, done.stdout + done.stderr)
    if match is None:
        raise NotInstalledError(f"{' '.join(command)} did not tell a version")
    return match[1]


def installed(contenders: Sequence[Contender]) -> tuple[dict[str, str], dict[str, str]]:
    """Split into name -> version of those that can run, and name -> why not of the others."""
    versions: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for contender in contenders:
        try:
            versions[contender.name] = contender.version()
        except NotInstalledError as error:
            skipped[contender.name] = str(error)
    return versions, skipped
