"""How the errors about settings that do not fit together show a value.

Must not know any particular setting.
"""

from typing import Final

from hedgerow.serve.settings.fields import Record, fields_of
from hedgerow.serve.settings.kinds import DURATION, SHARE, SIZE
from hedgerow.serve.settings.sources import AsWritten

REMOVE: Final = "Remove it."
CHANGE_ONE: Final = "Change one of the two."


def is_set(record: Record, name: str) -> bool:
    """Say whether a setting differs from its default; to write the default down is harmless."""
    field = fields_of(type(record))[name]
    return bool(getattr(record, field.attribute) != field.default)


def shown(record: Record, name: str) -> AsWritten | str:
    """Return a value as an error shows it: texts without TOML's quotes."""
    field = fields_of(type(record))[name]
    text = field.write(getattr(record, field.attribute))
    return text.strip('"') if text.startswith('"') else AsWritten(text)


def time_text(seconds: float) -> str:
    """Write a duration without quotes."""
    return DURATION.write(seconds).strip('"')


def size_text(size: int) -> str:
    """Write a size without quotes."""
    return SIZE.write(size).strip('"')


def share_text(share: float) -> str:
    """Write a share without quotes."""
    return SHARE.write(share).strip('"')
