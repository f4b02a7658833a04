"""What can be set about files: ``root`` of a route.

Declarations only, each setting once (see ``settings.fields``).  Must not know where
values come from, nor who uses them.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from typing_extensions import override

from hedgerow.serve.settings.fields import About, Record
from hedgerow.serve.settings.kinds import SWITCH, choice
from hedgerow.serve.settings.names import CACHE_RULES, DIRECTORY, FILE_NAME, FILE_NAMES


class Files(Record, frozen=True, kw_only=True):
    """Files of a directory, and how they are shown."""

    SHORT: ClassVar[str] = "a directory"
    EXAMPLE: ClassVar[str] = '"./public"'

    dir: Annotated[str, DIRECTORY, About("the directory that the path stands for")]
    index: Annotated[
        tuple[str, ...],
        FILE_NAMES,
        About("the file that stands for a directory: the first of these that is there"),
    ] = ("index.html",)
    listing: Annotated[
        bool, SWITCH, About("show what is in a directory that has no such file; else: 404")
    ] = False
    links: Annotated[
        Literal["inside", "none", "all"],
        choice("inside", "none", "all"),
        About(
            "the symbolic links that are followed: relative ones that stay in the directory,"
            " none, or all wherever they lead"
        ),
    ] = "inside"
    hidden: Annotated[
        bool, SWITCH, About("show names that begin with a dot, besides .well-known")
    ] = False
    fallback: Annotated[
        str | None,
        FILE_NAME,
        About("the file that browsers get for pages that are not there, with 200", default="none"),
    ] = None
    not_found: Annotated[
        str | None,
        FILE_NAME,
        About("the file that is the body of 404, up to 64 KiB", default="a problem body"),
    ] = None
    cache: Annotated[
        Mapping[str, str] | None,
        CACHE_RULES,
        About(
            'how long clients may keep files, by pattern: {"*.js" = "1h", "/assets/*" = "365d,'
            ' immutable"}; the first that matches counts',
            default="nothing is said",
        ),
    ] = None
    precompressed: Annotated[
        bool, SWITCH, About("send NAME.br, NAME.zst or NAME.gz to clients that take it")
    ] = True
    compress: Annotated[
        bool, SWITCH, About("compress text of 256 B to 1 MiB while it is served, with gzip")
    ] = True

    @classmethod
    @override
    def expand(cls, value: object) -> dict[str, object] | None:
        return {"dir": value} if isinstance(value, str) else None
