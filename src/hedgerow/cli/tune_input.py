"""Opens the logs that ``hedgerow tune`` reads: files, packed ones, standard input, results.

Knows where bytes come from and what they are at first sight; must not know how a line is
read.  Lines are handed on one by one, so a log may be longer than the memory.
"""

import contextlib
import gzip
import io
import itertools
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hedgerow.errors import ConfigError, StartError
from hedgerow.lab.logs.detect import TRIED, Form, reader_for
from hedgerow.lab.logs.entry import Entry, LeftOut
from hedgerow.lab.logs.gather import Gathered
from hedgerow.measure.hdr_codec import decode_hdr
from hedgerow.report.document import Distribution, Document, Label, decode_documents
from hedgerow.report.jtl import JtlRow, read_jtl

_STDIN: Final = "-"
_GZIP: Final = b"\x1f\x8b"
_LONGEST_LINE: Final = 1 << 16  # longer ones are taken apart, and counted as malformed
_FIRST_SIGHT: Final = 4096


def gather_logs(logs: Sequence[str], form: Form, gathered: Gathered) -> list[str]:
    """Count all logs; return what each was taken for."""
    return [_gather(log, form, gathered) for log in logs]


def _gather(log: str, form: Form, gathered: Gathered) -> str:
    name = "standard input" if log == _STDIN else log
    try:
        with _opened(log) as raw:
            if raw.peek(2)[:2] != _GZIP:
                return _sorted_out(raw, None if log == _STDIN else Path(log), form, gathered, name)
            with gzip.GzipFile(fileobj=raw, mode="rb") as packed:
                return _sorted_out(io.BufferedReader(packed), None, form, gathered, name)
    except ConfigError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        got = getattr(error, "strerror", None) or str(error)
        fix = "Check the path, or write - for standard input."
        raise StartError(name, got=got, must="a log that can be read", fix=fix) from error


@contextlib.contextmanager
def _opened(log: str) -> Iterator[io.BufferedReader]:
    is_ours = log != _STDIN
    with open(log if is_ours else sys.stdin.fileno(), "rb", closefd=is_ours) as raw:
        yield raw


def _sorted_out(
    stream: io.BufferedReader, path: Path | None, form: Form, gathered: Gathered, name: str
) -> str:
    """Read a log as what it is at first sight; ``path`` is None where there is no plain file."""
    beginning = stream.peek(_FIRST_SIGHT)[:_FIRST_SIGHT].lstrip(b"\xef\xbb\xbf \r\n\t")
    if form.name is not None or not (_is_result(beginning) or _is_jtl(beginning)):
        return _lines(stream, name, form, gathered)
    if _is_result(beginning):
        return _results(stream.read(), name, gathered)
    if path is not None:
        return _jtl(path, gathered)
    with tempfile.NamedTemporaryFile(suffix=".jtl") as file:
        shutil.copyfileobj(stream, file)
        file.flush()
        return _jtl(Path(file.name), gathered)


# --- lines ---


def _lines(stream: io.BufferedReader, name: str, form: Form, gathered: Gathered) -> str:
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="\n")
    lines: Iterator[str] = iter(lambda: text.readline(_LONGEST_LINE), "")
    first = list(itertools.islice(lines, TRIED))
    reader = reader_for(form, first, name)
    gathered.take(name, itertools.chain(first, lines), reader)
    text.detach()  # standard input is not ours to close
    return reader.name


# --- JMeter's files ---


def _is_jtl(beginning: bytes) -> bool:
    header = beginning.partition(b"\n")[0]
    return b"timeStamp" in header and b"elapsed" in header


def _jtl(path: Path, gathered: Gathered) -> str:
    for row in read_jtl(path):
        gathered.lines += 1
        gathered.add(_entry(row))
    return "JTL"


def _entry(row: JtlRow) -> Entry:
    entry = Entry(row.elapsed / 1000, path=row.label)
    if not row.success:
        gave_up = row.response_code == "504" or "timeout" in row.response_code.lower()
        entry.is_longer, entry.left_out = gave_up, None if gave_up else LeftOut.STATUS
    return entry


# --- results of hedgerow load ---


def _is_result(beginning: bytes) -> bool:
    return beginning[:1] == b"<" or (beginning[:1] == b"{" and b'"schema_version"' in beginning)


def _results(data: bytes, name: str, gathered: Gathered) -> str:
    try:
        for document in decode_documents(data):
            _count(document, gathered)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigError(
            name, got="a result", must="one of hedgerow load --json or --html", fix=f"({error})"
        ) from error
    return "result of hedgerow load"


def _count(document: Document, gathered: Gathered) -> None:
    """Count service times, for a hedge counts from when a request was sent.

    A result has them of good and failed requests together: where some failed, the response
    times of the good ones are used, which also hold how long requests waited to be sent.
    """
    times, failed = document.latency_us, document.requests.failed
    _add("", times.response_ok if failed else times.service, gathered)
    gathered.lines += document.requests.total
    gathered.left_out[LeftOut.STATUS] += failed
    for label in document.labels:
        _count_label(label, gathered)


def _count_label(label: Label, gathered: Gathered) -> None:
    if not label.requests.failed:  # else its good ones are not known apart
        _add(label.label or "(no label)", label.service, gathered)


def _add(route: str, times: Distribution, gathered: Gathered) -> None:
    if times.histogram is not None:
        gathered.add_counts(route, decode_hdr(times.histogram))
