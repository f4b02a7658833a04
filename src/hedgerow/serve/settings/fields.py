"""How a setting is declared, once, and what everybody else reads from the declaration.

A field of a :class:`Record` is declared by its annotation: its type, its kind, and an
:class:`About` with one line of help and its range; the default stands where Python has
it.  TOML reading, suggestions for misspelt names, ``--show-settings``, the help of
flags and docs/settings.md are all made from :func:`fields_of`, so they cannot differ.

Must not know any particular setting.
"""

import functools
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec

from hedgerow.errors import HedgerowBug
from hedgerow.serve.settings.kinds import Kind, toml, toml_key

#: Of any time that something must be done in: timers are no finer, and below it a unit
#: was forgotten.
SHORTEST: Final = 0.001

_QUOTE: Final = '"'


@dataclass(frozen=True, slots=True)
class About:
    """What people are told of a setting; the range is in the type's own unit."""

    help: str
    at_least: float | None = None
    at_most: float | None = None
    default: str = ""  # where the default depends on other settings, or is not a value
    fix: str = ""  # what to do about a value out of range, where an example says too little


class Record(msgspec.Struct, frozen=True):
    """A table of settings."""

    #: The short form of the table, in words, and an example of its long form.
    SHORT: ClassVar[str] = ""
    EXAMPLE: ClassVar[str] = "{...}"
    #: What people look for here and this version does not have, and what to do instead.
    ABSENT: ClassVar[Mapping[str, str]] = {}
    #: Whether there may be no such table, which is written as "off".
    HAS_OFF: ClassVar[bool] = False

    @classmethod
    def expand(cls, value: object) -> dict[str, object] | None:
        """Return the table that a short form stands for; None when it is none."""
        return None

    def short(self) -> object:
        """Return the short form that stands for this table; None where there is none."""
        return None

    @classmethod
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Add the defaults that depend on other values of the table."""
        return given


@dataclass(frozen=True, slots=True)
class Field:
    """One declared setting."""

    name: str  # in TOML
    attribute: str  # in Python; differs where the name is a keyword
    kind: Kind | None  # None: a table of its own
    record: type[Record] | None  # of that table
    about: About
    default: Any  # msgspec.NODEFAULT where one must be given
    is_list: bool = False  # of tables, each of them a `record`

    @property
    def names_none(self) -> bool:
        """Say whether None has a word of its own, such as "off"."""
        if self.record is not None:
            return self.record.HAS_OFF
        return self.kind is not None and self.kind.names_none

    @property
    def is_required(self) -> bool:
        return self.default is msgspec.NODEFAULT

    @property
    def default_text(self) -> str:
        """The default as TOML, or in words; empty where there is none."""
        has_text = self.kind is not None or (self.is_list and self.default)
        if self.about.default or self.is_required or not has_text:
            return self.about.default
        return self.write(self.default)

    @property
    def range_text(self) -> str:
        """The limits in words; empty where there are none."""
        about = self.about
        low = f"at least {self._bare(about.at_least)}" if about.at_least is not None else ""
        high = f"at most {self._bare(about.at_most)}" if about.at_most is not None else ""
        return " and ".join(filter(None, (low, high)))

    def example(self, called: str) -> str:
        """Say what to write, in a file or on the command line, for a value that is fine."""
        has_default = not self.about.default and not self.is_required and self.default is not None
        if self.kind is None:
            text = self.record.EXAMPLE if self.record is not None else ""
        else:
            text = self.write(self.default) if has_default else self.kind.example
        example = f"{called} {text.strip(_QUOTE)}" if called[0] == "-" else f"{called} = {text}"
        note = ", the default" if has_default and self.kind is not None else ""
        return f"Write for example {example}{note}."

    def allows(self, value: Any) -> bool:
        """Say whether a value is within the range."""
        about = self.about
        if value is None or isinstance(value, str):
            return True  # a word in place of a number
        too_low = about.at_least is not None and value < about.at_least
        too_high = about.at_most is not None and value > about.at_most
        return not too_low and not too_high

    def write(self, value: Any) -> str:
        """Write a value as TOML."""
        if self.is_list:
            texts = [_inline(record) for record in value]
            return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        if self.kind is None:
            raise HedgerowBug(f"{self.name} is a table and has no text of its own")
        return self.kind.write(value)

    def _bare(self, value: float) -> str:
        return self.write(value).strip(_QUOTE)


@functools.cache
def fields_of(record: type[Record]) -> Mapping[str, Field]:
    """Return a record's fields by their names in TOML, in the order of declaration."""
    hints = typing.get_type_hints(record, include_extras=True)
    fields = [_declared(info, hints[info.name]) for info in msgspec.structs.fields(record)]
    return {field.name: field for field in fields}


def help_of(record: type[Record], name: str) -> str:
    """Return the help of a setting with its range and default, for a flag of its own."""
    field = fields_of(record)[name]
    notes = [field.range_text, f"default: {field.default_text}" if field.default_text else ""]
    said = "; ".join(filter(None, notes))
    return f"{field.about.help} ({said})" if said else field.about.help


def tables_of(record: type[Record]) -> Iterator[tuple[Field, type[Record]]]:
    """Yield the fields of a record that are tables of their own."""
    for field in fields_of(record).values():
        if field.record is not None:
            yield field, field.record


def _declared(info: msgspec.structs.FieldInfo, hint: Any) -> Field:
    base, *metadata = typing.get_args(hint)
    about = next(item for item in metadata if isinstance(item, About))
    kind = next((item for item in metadata if isinstance(item, Kind)), None)
    types = (base, *typing.get_args(base))
    record = next((t for t in types if isinstance(t, type) and issubclass(t, Record)), None)
    is_list = record is not None and typing.get_origin(base) is tuple
    return Field(info.encode_name, info.name, kind, record, about, info.default, is_list)


def _inline(record: Record) -> str:
    """Write a table on one line, without what it need not say; reads back as the same."""
    short = record.short()
    if short is not None:
        return toml(short)
    pairs = []
    for field in fields_of(type(record)).values():
        value = getattr(record, field.attribute)
        if value != field.default:
            text = _inline(value) if isinstance(value, Record) else field.write(value)
            pairs.append(f"{toml_key(field.name)} = {text}")
    return f"{{{', '.join(pairs)}}}"
