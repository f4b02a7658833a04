"""JTL files: one CSV line a sample, as JMeter writes and reads them.

Writes the columns that JMeter writes by default, and reads those and other tools' files:
in any order, with columns that we do not know and without those that nobody needs for a
summary.  Must not know how samples came about.

``timeStamp`` is the start of a sample in milliseconds since 1970, ``elapsed`` and the other
times are milliseconds.  The form is that of JMeter's ``CSVSaveService``: a field with a
comma, a quote or a line break stands in quotes, and quotes in it are doubled.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from hedgerow.errors import ConfigError
from hedgerow.measure import Tally
from hedgerow.report.document import SummaryRow
from hedgerow.report.summary import TOTAL, summary_row


class JtlRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sample.

    Why not a frozen dataclass: one a request is made, and this costs a tenth of it.
    """

    timestamp: int  # ms since 1970, of its start
    elapsed: int  # ms
    label: str
    success: bool
    response_code: str = ""
    response_message: str = ""
    thread: str = ""
    data_type: str = "text"
    failure_message: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    group_threads: int = 0
    all_threads: int = 0
    url: str = ""
    latency: int = 0  # ms to the first byte of the answer
    idle_time: int = 0  # ms
    connect: int = 0  # ms


#: JMeter's default columns, in their order, and where each is kept.
_COLUMNS: Final[Mapping[str, str]] = {
    "timeStamp": "timestamp",
    "elapsed": "elapsed",
    "label": "label",
    "responseCode": "response_code",
    "responseMessage": "response_message",
    "threadName": "thread",
    "dataType": "data_type",
    "success": "success",
    "failureMessage": "failure_message",
    "bytes": "bytes_in",
    "sentBytes": "bytes_out",
    "grpThreads": "group_threads",
    "allThreads": "all_threads",
    "URL": "url",
    "Latency": "latency",
    "IdleTime": "idle_time",
    "Connect": "connect",
}
HEADER: Final = ",".join(_COLUMNS)
_COMMAS: Final = HEADER.count(",")
_NEEDED: Final = ("timeStamp", "elapsed", "label", "success")
_NUMBERS: Final = frozenset({
    "timeStamp", "elapsed", "bytes", "sentBytes", "grpThreads", "allThreads", "Latency",
    "IdleTime", "Connect",
})  # fmt: skip
#: Rows that stand for several samples have no exact deviation.
_SEVERAL: Final = "SampleCount"
_FLAGS: Final = {"true": True, "false": False}
_REPAIR: Final = "Repair the line or take it out."


def non_http(kind: str, text: str) -> tuple[str, str]:
    """Return code and message of a request that got no answer, as JMeter words them."""
    return f"Non HTTP response code: {kind}", f"Non HTTP response message: {text}"


# --- writing ---


class JtlWriter:
    """Writes a JTL file; a context manager.

    ``write`` costs about 2 us a row: a line is made in one piece, and taken apart for quotes
    only where the count of its commas says that a field holds one.
    """

    __slots__ = ("_file",)

    def __init__(self, path: Path) -> None:
        # A label may hold what is no text (a byte of a command line): it is told as \\udcXX.
        self._file = path.open(
            "w", encoding="utf-8", errors="backslashreplace", newline="", buffering=1 << 18
        )
        self._file.write(HEADER + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, row: JtlRow) -> None:
        """Append one sample."""
        self._file.write(_line(row))

    def close(self) -> None:
        """Write what is left, and close; harmless when repeated."""
        self._file.close()


def _line(row: JtlRow) -> str:
    line = (
        f"{row.timestamp},{row.elapsed},{row.label},{row.response_code},{row.response_message},"
        f"{row.thread},{row.data_type},{'true' if row.success else 'false'},"
        f"{row.failure_message},{row.bytes_in},{row.bytes_out},{row.group_threads},"
        f"{row.all_threads},{row.url},{row.latency},{row.idle_time},{row.connect}"
    )
    if line.count(",") == _COMMAS and '"' not in line and "\n" not in line and "\r" not in line:
        return line + "\n"
    return ",".join(_quoted(_told(getattr(row, name))) for name in _COLUMNS.values()) + "\n"


def _told(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    if any(special in text for special in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


# --- reading ---


def read_jtl(path: Path) -> Iterator[JtlRow]:
    """Yield the samples of a JTL file; ConfigError names the line that cannot be read."""
    try:
        # Not a byte of it is ours: what is no UTF-8 is kept as it is.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _read(file, path)
    except OSError as error:
        raise _wrong(str(path), "a file that can be read", f"({error.strerror})") from error


def _read(file: io.TextIOBase, path: Path) -> Iterator[JtlRow]:
    lines = iter(file)
    header = next(lines, "")
    reader = csv.reader(lines, delimiter=_delimiter(header))
    columns = next(csv.reader([header], delimiter=_delimiter(header)), [])
    _check_header(columns, path)
    try:
        for cells in reader:
            if cells:
                where = f"{path}, line {reader.line_num + 1}"
                yield _row(dict(zip(columns, cells, strict=False)), where)
    except csv.Error as error:
        where = f"{path}, line {reader.line_num + 1}"
        raise _wrong(where, "CSV", f"({error})") from error


def _delimiter(header: str) -> str:
    """Return what separates the columns: JMeter can be told another than the comma."""
    return max(",;\t|", key=header.count)


def _check_header(columns: list[str], path: Path) -> None:
    where = f"{path}, line 1"
    if columns and columns[0].lstrip().startswith("<"):
        fix = "Run JMeter with -Jjmeter.save.saveservice.output_format=csv."
        raise _wrong(where, "a CSV header, and not XML", fix)
    if missing := [name for name in _NEEDED if name not in columns]:
        fix = "Run JMeter with -Jjmeter.save.saveservice.print_field_names=true."
        raise _wrong(where, f"a CSV header with {', '.join(missing)}", fix)


def _row(cells: dict[str, str], where: str) -> JtlRow:
    """Make a row of cells by column; a line that is too short lacks its last ones."""
    if missing := [name for name in _NEEDED if name not in cells]:
        raise _wrong(where, f"a line with {', '.join(missing)}", _REPAIR)
    if cells.get(_SEVERAL, "1") not in ("1", ""):
        fix = "Run JMeter with -Jmode=Standard, so that every sample has a line of its own."
        raise _wrong(f"{where}, {_SEVERAL}", "1", fix)
    found = {
        _COLUMNS[name]: _value(name, text, where)
        for name, text in cells.items()
        if name in _COLUMNS
    }
    return msgspec.convert(found, JtlRow)


def _value(name: str, text: str, where: str) -> str | int:
    if name == "success":
        flag = _FLAGS.get(text.strip().lower())
        if flag is None:
            raise ConfigError(f"{where}, success", got=text, must="true or false", fix=_REPAIR)
        return flag
    if name not in _NUMBERS:
        return text
    if not text and name not in _NEEDED:
        return 0
    try:
        return int(text)
    except ValueError as error:
        fix = (
            "Run JMeter with -Jjmeter.save.saveservice.timestamp_format=ms."
            if name == "timeStamp"
            else _REPAIR
        )
        must = "a whole number"
        raise ConfigError(f"{where}, {name}", got=text, must=must, fix=fix) from error


def _wrong(where: str, must: str, fix: str) -> ConfigError:
    return ConfigError("JTL file", got=where, must=must, fix=fix)


# --- summing up ---


class _Sums:
    """What JMeter's summary needs of a label's samples."""

    __slots__ = ("bytes_in", "bytes_out", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self.bytes_in = 0
        self.bytes_out = 0

    def add(self, row: JtlRow) -> None:
        start, end = row.timestamp / 1000, (row.timestamp + row.elapsed) / 1000
        self.tally.add(row.elapsed, start=start, end=end, failed=not row.success)
        self.bytes_in += row.bytes_in
        self.bytes_out += row.bytes_out

    def summary(self, label: str) -> SummaryRow:
        return summary_row(label, self.tally, bytes_in=self.bytes_in, bytes_out=self.bytes_out)


def summarise(rows: Iterable[JtlRow]) -> list[SummaryRow]:
    """Return JMeter's Summary Report: labels in order of first appearance, TOTAL last."""
    by_label: dict[str, _Sums] = {}
    total = _Sums()
    for row in rows:
        sums = by_label.get(row.label)
        if sums is None:
            sums = by_label[row.label] = _Sums()
        sums.add(row)
        total.add(row)
    return [sums.summary(label) for label, sums in by_label.items()] + [total.summary(TOTAL)]
