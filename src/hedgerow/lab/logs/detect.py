"""Which form a log is in: given by a word or a format, or found out from its first lines.

Every form is tried on them, and the one that reads the most is taken; half of them it must
read.  Must not know how any form is read.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.lab.logs.entry import LineReader
from hedgerow.lab.logs.json_lines import JsonLog
from hedgerow.lab.logs.numbers import UNITS, NumbersLog
from hedgerow.lab.logs.patterns import ENVOY, ISTIO
from hedgerow.lab.logs.text import CombinedLog, FormattedLog, OwnLog, Which

#: Lines that a form is found out from.
TRIED: Final = 200
_FIX: Final = (
    "Say what a line looks like with --format, in nginx's or Envoy's words: "
    "--format '$remote_addr \"$request\" $status $request_time'."
)


@dataclass(frozen=True, slots=True)
class Form:
    """What was said about a log; ``name`` is a word of FORMS, a format, or None."""

    name: str | None = None
    which: Which = "upstream"
    unit: str | None = None  # of a bare number: "ms" unless said otherwise
    field: str | None = None  # the key of the time in JSON lines

    @property
    def _unit(self) -> str:
        return self.unit or "ms"


FORMS: Final[dict[str, Callable[[Form], LineReader]]] = {
    "hedgerow": lambda form: OwnLog(),
    "envoy": lambda form: FormattedLog("Envoy", ENVOY, which=form.which, whole=False),
    "istio": lambda form: FormattedLog("Envoy in Istio", ISTIO, which=form.which, whole=False),
    "nginx": lambda form: CombinedLog(form.which),
    "json": lambda form: JsonLog(form.which, field=form.field, second=UNITS[form._unit]),
    "numbers": lambda form: NumbersLog(form._unit),
}


def reader_for(form: Form, first_lines: Sequence[str], where: str) -> LineReader:
    """Return the reader that was asked for, or the one that fits; ConfigError: none does."""
    if form.name is not None:
        return _asked_for(form, form.name)
    if form.field is not None:
        return FORMS["json"](form)
    lines = [line.rstrip("\r\n") for line in first_lines if is_content(line)]
    if not lines:
        raise ConfigError(where, got="empty", must="a log with requests", fix="Give another file.")
    readers = [make(form) for make in FORMS.values()]
    read = [_share_read(reader, lines) for reader in readers]
    if max(read) <= 0.5:
        raise _unknown(lines, where)
    return readers[read.index(max(read))]


def is_content(line: str) -> bool:
    """Say whether a line is more than blanks or a remark."""
    return bool(line) and not line.isspace() and not line.startswith("#")


def _asked_for(form: Form, name: str) -> LineReader:
    if name in FORMS:
        return FORMS[name](form)
    reader = FormattedLog("--format", name, which=form.which, whole=True)
    if not reader.pattern.roles:
        known = ", ".join(FORMS)
        must = f"{known}, or a format in nginx's words ($status) or Envoy's (%RESPONSE_CODE%)"
        raise ConfigError("--format", got=name, must=must, fix="Write --format nginx.")
    if not reader.has_time:
        raise ConfigError(
            "--format",
            got=name,
            must="one that says how long a request took",
            fix="Log $request_time or $upstream_response_time (nginx), %DURATION% (Envoy).",
        )
    return reader


def _share_read(reader: LineReader, lines: Iterable[str]) -> float:
    read = [reader.read(line) is not None for line in lines]
    return sum(read) / len(read)


def _unknown(lines: Sequence[str], where: str) -> ConfigError:
    if CombinedLog().is_combined(lines[0]):
        return ConfigError(
            where,
            got=lines[0][:200],
            must="a line with one or two times after what nginx's combined has",
            fix='Add $request_time and "$upstream_response_time" to log_format, or say with '
            "--format what a line looks like.",
        )
    return ConfigError(where, got=lines[0][:200], must="a line of a form that is known", fix=_FIX)
