"""What a head asks of a directory: a record, made once and kept with the head."""

from dataclasses import dataclass

from hedgerow.serve.files.conditions import Conditions
from hedgerow.serve.files.names import Name
from hedgerow.serve.files.stored import Stored
from hedgerow.serve.plan import HeadPlan

#: By what an answer is kept: the path, the encodings in the order of the client's liking, and
#: whether what is compressed while it is served will do.
Key = tuple[bytes, tuple[str, ...], bool]


@dataclass(slots=True)
class FilePlan(HeadPlan):
    """What to do with requests that have this very head."""

    refusal: int  # the status where it cannot be a file; 0: it can
    key: Key
    name: Name
    conditions: Conditions | None
    path: bytes  # of the request, escapes included, for a redirect or a listing
    query: bytes
    wants_page: bool  # it takes HTML
    is_plain: bool  # a GET without conditions
    #: What the last such request was answered with, while that is good for any of them.
    ready: Stored | None = None
