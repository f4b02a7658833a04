"""What the author of a scenario imports: tasks, checks, and the types of what is handed in.

A scenario is a Python file with ``async def run(user)``; nothing in it need be imported.
This module is for weighted tasks, for checks in k6's manner, and for editors: ``User`` and
``Answer`` say what the objects can do.  Must not know who plays a scenario, nor how.

The words are those of Locust (task, weight) and k6 (check, group).
"""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict, TypeVar, overload

from typing_extensions import Unpack

T = TypeVar("T")

#: A form, or the query of a URL: a mapping, whose values may be lists, or pairs.
Pairs = Mapping[str, Any] | Sequence[tuple[str, Any]]


class RequestOptions(TypedDict, total=False):
    """What may be said of a request besides its method and URL."""

    headers: Mapping[str, str] | None
    json: Any  # the body, written as JSON
    data: str | bytes | Pairs | None  # the body, or a form
    params: Pairs | None  # added to the URL's query
    label: str | None  # its row in the results; without one: method and path
    timeout: float | None  # seconds, from when it is sent
    expect: int | str | Sequence[int | str] | None  # 201, "2xx", "200-204", or several
    follow: int | None  # redirects that are followed


class Headers(Protocol):
    """The fields of an answer; names are found in whatever case."""

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value, joined by commas where there are several."""

    def get_all(self, name: str) -> list[str]:
        """Each value by itself, as Set-Cookie needs it."""

    def __getitem__(self, name: str) -> str: ...
    def __contains__(self, name: object) -> bool: ...


class Answer(Protocol):
    """What came back; status 0 and not ``ok`` where nothing whole did."""

    @property
    def status(self) -> int: ...
    @property
    def ok(self) -> bool: ...
    @property
    def body(self) -> bytes: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def elapsed(self) -> float: ...
    def text(self) -> str: ...
    def json(self) -> Any: ...
    def fail(self, why: str) -> None: ...


class User(Protocol):
    """One user of the load, with connections, cookies and chance of its own."""

    @property
    def number(self) -> int: ...
    @property
    def random(self) -> random.Random: ...
    @property
    def shared(self) -> Any: ...
    @property
    def data(self) -> dict[str, Any]: ...
    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Answer: ...
    async def get(self, url: str, **options: Unpack[RequestOptions]) -> Answer: ...
    async def post(self, url: str, **options: Unpack[RequestOptions]) -> Answer: ...
    async def put(self, url: str, **options: Unpack[RequestOptions]) -> Answer: ...
    async def patch(self, url: str, **options: Unpack[RequestOptions]) -> Answer: ...
    async def delete(self, url: str, **options: Unpack[RequestOptions]) -> Answer: ...
    async def head(self, url: str, **options: Unpack[RequestOptions]) -> Answer: ...
    async def options(self, url: str, **options: Unpack[RequestOptions]) -> Answer: ...
    async def pause(self, low: float, high: float | None = None) -> None: ...
    async def gather(self, *requests: Awaitable[T]) -> list[T]: ...
    def group(self, name: str) -> AbstractAsyncContextManager[None]: ...
    def fail(self, why: str) -> None: ...
    def seq(self) -> int: ...
    def uuid(self) -> str: ...
    def email(self) -> str: ...


#: A scenario's own function, such as run(user).
UserFunction = Callable[[Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Task:
    """Something that users do; one of all tasks is drawn by weight for each iteration."""

    function: UserFunction
    weight: float
    name: str

    def __call__(self, user: Any) -> Awaitable[object]:
        """Do it as a part of another task: ``await browse(user)``."""
        return self.function(user)


@overload
def task(given: UserFunction, /) -> Task: ...
@overload
def task(given: float = 1, /) -> Callable[[UserFunction], Task]: ...
@overload
def task(*, weight: float) -> Callable[[UserFunction], Task]: ...
def task(
    given: UserFunction | float = 1, /, *, weight: float | None = None
) -> Task | Callable[[UserFunction], Task]:
    """Mark a function as a task: ``@task``, ``@task(3)`` or ``@task(weight=3)``."""
    if callable(given):
        return Task(given, 1, _name_of(given))
    share = given if weight is None else weight
    if not share > 0:
        raise ValueError(
            f"@task(weight={share!r}): must be above 0; to leave a task out, delete it"
        )
    return lambda function: Task(function, share, _name_of(function))


def check(answer: Answer, conditions: Mapping[str, object]) -> bool:
    """Count the request as failed where a condition does not hold; say whether all do.

    Unlike ``assert`` this lets the iteration go on (k6).
    """
    broken = [name for name, holds in conditions.items() if not holds]
    if broken:
        answer.fail(", ".join(broken))
    return not broken


def _name_of(function: UserFunction) -> str:
    return getattr(function, "__name__", "task")
