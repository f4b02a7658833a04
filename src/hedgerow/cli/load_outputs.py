"""The files that a run leaves behind: checked before it, written during and after it.

The JTL is only checked here: it has every request, so the run itself writes it.
"""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from hedgerow.cli.load_flags import OutputFlags
from hedgerow.cli.load_standing import book_of
from hedgerow.errors import ConfigError
from hedgerow.load.figures import BookFigures
from hedgerow.load.moment import Moment
from hedgerow.report.csv_files import write_csv
from hedgerow.report.document import Document, write_document
from hedgerow.report.hdr_log import HdrLogWriter
from hedgerow.report.page import page
from hedgerow.report.percentiles import histogram_of, percentile_text

_STDOUT: Final = "-"
_CSV_FILES: Final = ("stats", "stats_history", "failures")


class Outputs:
    """All that was asked for; a context in which the HDR log is open."""

    def __init__(self, flags: OutputFlags) -> None:
        self._flags = flags
        self._log: HdrLogWriter | None = None

    @property
    def takes_stdout(self) -> bool:
        """True when the result file is stdout, so that nothing else may go there."""
        return self._flags.json == _STDOUT

    def check(self) -> None:
        """Find out before the run whether everything can be written; raises ConfigError."""
        seen: dict[Path, str] = {}
        for flag, path in self._paths():
            other = seen.setdefault(path.absolute(), flag)
            if other != flag:
                raise ConfigError(
                    flag, got=str(path), must=f"another file than {other}'s", fix="Rename one."
                )
            _check_writable(flag, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._log is not None:
            self._log.close()

    def second(self, moment: Moment) -> None:
        """Take in one interval of the measured part."""
        name = self._flags.hdr
        if name is None or _is_percentiles(name) or moment.phase == "warm-up":
            return
        if self._log is None:
            began = datetime.now(UTC).timestamp() - moment.elapsed
            self._log = HdrLogWriter(Path(name), began)
        seconds = moment.second.seconds
        figures = BookFigures(book_of(moment), seconds)
        for name in ("response", "service"):
            times = figures.histogram(name, None)
            if times.is_used:
                self._log.write(max(0.0, moment.elapsed - seconds), seconds, times, tag=name)

    def write(self, document: Document) -> list[str]:
        """Write the rest; return what could not be written, in words.

        One file that fails must not cost the others: the run cannot be had again.
        """
        flags, failures = self._flags, []
        for flag, name, write in (
            ("--json", flags.json, _write_json),
            ("--html", flags.html, _write_html),
            ("--hdr", flags.hdr, _write_percentiles),
            ("--csv", flags.csv, write_csv),
        ):
            if name is None:
                continue
            try:
                write(document, Path(name))
            except OSError as error:
                failures.append(f"{flag} = {name}: could not be written ({error.strerror})")
        return failures

    def _paths(self) -> Iterator[tuple[str, Path]]:
        flags = self._flags
        for flag, name in (
            ("--json", None if self.takes_stdout else flags.json),
            ("--html", flags.html),
            ("--jtl", flags.jtl),
            ("--hdr", flags.hdr),
        ):
            if name is not None:
                yield flag, Path(name)
        if flags.csv is not None:
            prefix = Path(flags.csv)
            for what in _CSV_FILES:
                yield "--csv", prefix.with_name(f"{prefix.name}_{what}.csv")


def _write_json(document: Document, path: Path) -> None:
    if str(path) == _STDOUT:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())
        sys.stdout.write("\n")
    else:
        write_document(document, path)


def _write_html(document: Document, path: Path) -> None:
    path.write_text(page([document]), encoding="utf-8")


def _write_percentiles(document: Document, path: Path) -> None:
    times = histogram_of(document.latency_us.response)
    if _is_percentiles(path.name) and times is not None:
        path.write_text(percentile_text(times), encoding="utf-8")


def _is_percentiles(name: str) -> bool:
    return name.endswith(".hgrm")


def _check_writable(flag: str, path: Path) -> None:
    """Refuse a path that cannot be written, without leaving an empty file behind."""
    try:
        is_folder, exists = path.is_dir(), path.exists()
        has_parent = path.parent.is_dir()
    except (OSError, ValueError) as error:
        raise _unwritable(flag, path, f"({error})") from None
    if is_folder or not path.name:
        raise _unwritable(flag, path, "It is a folder: add a name.")
    if not has_parent:
        raise _unwritable(flag, path, f"There is no folder {path.parent}: create it first.")
    if not os.access(path if exists else path.parent, os.W_OK):
        raise _unwritable(flag, path, "You may not write there.")


def _unwritable(flag: str, path: Path, fix: str) -> ConfigError:
    return ConfigError(flag, got=str(path), must="a file that can be written", fix=fix)
