"""How one upstream behaves, as one record of settings.

Decides nothing itself: ``script`` draws from it.  The defaults are the work server
of the hedging exercise that Hedgerow grew from: mostly 100 to 600 ms, now and then
up to 3 s, and every tenth answer an error.

Each setting is declared once: type, default, how to read and write it, one line of
help.  Command-line flags, the JSON of a control call and the documentation are all
made from :data:`SETTINGS`, so they cannot differ.  Every value has a text, so a
behaviour can be printed, sent and read back.
"""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from hedgerow.errors import ConfigError
from hedgerow.faults.capacity import Capacity
from hedgerow.faults.latency import Law, Mixture, Uniform
from hedgerow.faults.latency_text import ReadSamples, no_samples, parse_law
from hedgerow.faults.mishap import Mishap, MishapKind, Mishaps, parse_mishaps
from hedgerow.faults.spells import SpellRule, parse_spells

WORK_SERVER_LATENCY: Final = Mixture(((0.85, Uniform(0.1, 0.6)), (0.15, Uniform(0.6, 3.0))))
WORK_SERVER_ERRORS: Final = Mishaps(
    ((Mishap(MishapKind.STATUS, 500), 0.05), (Mishap(MishapKind.STATUS, 429), 0.05))
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a behaviour, as people meet it."""

    name: str
    default: Any
    read: Callable[[str, ReadSamples], Any]
    write: Callable[[Any], str | int | bool]
    example: str
    help: str

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.replace("_", "-")


def _read_law(text: str, read_samples: ReadSamples) -> Law:
    return parse_law(text, read_samples)


def _read_mishaps(text: str, _: ReadSamples) -> Mishaps:
    return parse_mishaps(text)


def _read_workers(text: str, _: ReadSamples) -> int | None:
    if text == "unlimited":
        return None
    if not (workers := _whole_number(text)):
        raise ValueError("a whole number of at least 1, or unlimited")
    return workers


def _read_count(text: str, _: ReadSamples) -> int:
    if (count := _whole_number(text)) is None:
        raise ValueError("a whole number of at least 0")
    return count


def _read_yes_or_no(text: str, _: ReadSamples) -> bool:
    if text not in ("yes", "no", "true", "false"):
        raise ValueError("yes or no")
    return text in ("yes", "true")


def _read_spells(text: str, _: ReadSamples) -> SpellRule | None:
    return parse_spells(text)


def _write_workers(workers: int | None) -> str | int:
    return "unlimited" if workers is None else workers


def _write_spells(rule: SpellRule | None) -> str:
    return "off" if rule is None else str(rule)


def _how(
    read: Callable[[str, ReadSamples], T],
    write: Callable[[T], str | int | bool],
    example: str,
    text: str,
) -> Mapping[str, Any]:
    """Check that reading and writing agree on a type; what a field's metadata holds."""
    return {"read": read, "write": write, "example": example, "help": text}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How an upstream behaves; every change makes a new one."""

    latency: Law = field(
        default=WORK_SERVER_LATENCY,
        metadata=_how(
            _read_law,
            str,
            "uniform:100ms..600ms",
            "how long answers take: constant:100ms, uniform:100ms..600ms, lognormal:5ms,2ms (mean,"
            " deviation), pareto:1.1,2ms (shape, minimum), replay:FILE, replay-in-order:FILE, or"
            " mix:85%*LAW+15%*LAW",
        ),
    )
    errors: Mishaps = field(
        default=WORK_SERVER_ERRORS,
        metadata=_how(
            _read_mishaps,
            str,
            "500:5%,429+1s:2%,reset:1%",
            "what goes wrong and how often: a status (429+1s adds Retry-After), refuse, reset,"
            " reset-body, hang, drip (drip+5s), truncate, wrong-type, bad-json; or off",
        ),
    )
    workers: int | None = field(
        default=None,
        metadata=_how(
            _read_workers,
            _write_workers,
            "8",
            "how many requests are worked on at once, while others queue; or unlimited",
        ),
    )
    queue: int = field(
        default=100,
        metadata=_how(
            _read_count,
            int,
            "100",
            "how many requests may wait for a worker; more are refused",
        ),
    )
    notices_cancel: bool = field(
        default=True,
        metadata=_how(
            _read_yes_or_no, bool, "yes", "whether work stops when its client is gone: yes or no"
        ),
    )
    spells: SpellRule | None = field(
        default=None,
        metadata=_how(
            _read_spells,
            _write_spells,
            "ok=30s,slow=5s,factor=10",
            "slow spells: ok=30s,slow=5s,factor=10 is ten times slower for 5 s after every 30 s, on"
            " average (lengths=fixed: exactly); or off",
        ),
    )
    seed: int = field(
        default=1,
        metadata=_how(
            _read_count,
            int,
            "1",
            "where chance begins: the same seed and settings give the same latencies and errors",
        ),
    )

    @property
    def capacity(self) -> Capacity:
        """The settings of the service station."""
        return Capacity(self.workers, self.queue, self.notices_cancel)

    def changed(
        self,
        values: Mapping[str, object],
        *,
        read_samples: ReadSamples = no_samples,
        called: Callable[[Setting], str] = lambda setting: setting.name,
    ) -> "Behaviour":
        """Return this behaviour with the settings given, as texts or as JSON's own values.

        ``called`` says what an error calls a setting (its flag, say).  A text that is this
        behaviour's own keeps the value, so a printed behaviour can be sent back to a server
        that may not read sample files.
        """
        new: dict[str, Any] = {}
        for name, value in values.items():
            setting = SETTINGS.get(name)
            if setting is None:
                raise _unknown(name, value)
            text = _as_text(value)
            if text == _as_text(setting.write(getattr(self, name))):
                continue
            try:
                new[name] = setting.read(text, read_samples)
            except ValueError as error:
                where, fix = called(setting), f"Write for example {setting.example}."
                raise ConfigError(where, got=value, must=str(error), fix=fix) from error
        return dataclasses.replace(self, **new)

    def as_dict(self) -> dict[str, str | int | bool]:
        """Every setting as JSON can hold it; ``changed`` reads it back."""
        return {name: s.write(getattr(self, name)) for name, s in SETTINGS.items()}


#: Every setting by name, in the order of declaration.
SETTINGS: Final[Mapping[str, Setting]] = {
    declared.name: Setting(declared.name, declared.default, **declared.metadata)
    for declared in dataclasses.fields(Behaviour)
}


def _unknown(name: str, value: object) -> ConfigError:
    near = difflib.get_close_matches(name, SETTINGS, n=1)
    fix = f"Did you mean {near[0]}?" if near else f"There are {', '.join(SETTINGS)}."
    return ConfigError(name, got=value, must="a known setting", fix=fix)


def _as_text(value: object) -> str:
    """Return the text of a JSON value; what has no business here fails to be read later."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
