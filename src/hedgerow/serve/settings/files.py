"""What can be set about files: ``root`` of a route.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.
"""

from typing import Annotated, ClassVar

from typing_extensions import override

from hedgerow.serve.settings.fields import About, Record
from hedgerow.serve.settings.names import DIRECTORY


class Files(Record, frozen=True, kw_only=True):
    """Files of a directory, and how they are shown."""

    SHORT: ClassVar[str] = "a directory"
    EXAMPLE: ClassVar[str] = '"./public"'

    dir: Annotated[str, DIRECTORY, About("the directory that the path stands for")]

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return {"dir": value} if isinstance(value, str) else None
