"""Reads a scenario: from the text of a Python file to the functions that users play.

The text is all that travels to other processes and machines, so a scenario may import the
standard library and what is installed there, but no file that lies beside it.  Whatever is
wrong is told with the file's name and line, before anything is sent.  Must not know users,
nor requests.
"""

import inspect
import linecache
import random
import sys
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import msgspec

from hedgerow.errors import ConfigError, StartError
from hedgerow.load.scenario import Task, UserFunction

_MODULE: Final = "hedgerow_scenario"  # what a scenario's __name__ is
_HOOKS: Final = ("start", "stop")
#: Names from elsewhere that would never be called, and what they are called here.
_OTHERWISE: Final = {
    "default": "run", "on_start": "start", "on_stop": "stop", "handle_summary": "slo in options",
    "teardown": "stop, which is called for each user",
}  # fmt: skip
_LONGEST_TRACEBACK: Final = 4000


@dataclass(frozen=True, slots=True)
class ScenarioModule:
    """A scenario's functions and options."""

    name: str
    tasks: tuple[Task, ...]  # one of them for each iteration
    start: UserFunction | None = None
    stop: UserFunction | None = None
    setup: Callable[[], Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def draw(self, randomness: random.Random) -> Task:
        """Return the task of the next iteration, by weight."""
        if len(self.tasks) == 1:
            return self.tasks[0]
        return randomness.choices(self.tasks, [task.weight for task in self.tasks])[0]


def load_scenario(source: str, name: str) -> ScenarioModule:
    """Run the text of a scenario and find what is in it; raises ConfigError."""
    module = types.ModuleType(_MODULE)
    module.__file__ = name
    # So that tracebacks show the lines of a text that may be no file here.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    sys.modules[_MODULE] = module  # dataclasses look for their module there
    try:
        exec(compile(source, name, "exec"), module.__dict__)
    except SyntaxError as error:
        raise ConfigError(
            f"{name} line {error.lineno}",
            got=(error.text or "").strip(),
            must=f"Python ({error.msg})",
            fix="Correct the line.",
        ) from error
    except Exception as error:
        _refuse_failing(name, error)
    return _found(module.__dict__, name)


async def run_setup(module: ScenarioModule) -> Any:
    """Call setup(), once for the whole run, and return its value, fit to be sent elsewhere."""
    if module.setup is None:
        return None
    try:
        value = module.setup()
        if inspect.isawaitable(value):
            value = await value
    except Exception as error:
        raise StartError(
            f"{module.name} setup()",
            got=one_line(error, module.name),
            must="done before the load begins",
            fix=f"Correct it.\n{shown_traceback(error, module.name)}",
        ) from error
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{module.name} setup()",
            got=f"a value with something else in it ({error})",
            must="None, numbers, texts, lists and dicts",
            fix="It is sent to every process as JSON; return what start(user) needs to make more.",
        ) from error


# --- what went wrong, in words ---


def line_of(error: BaseException, name: str) -> int | None:
    """Return the last line of the scenario that an exception came through."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == name]
    return lines[-1] if lines else None


def one_line(error: BaseException, name: str) -> str:
    """Return an exception's class, text and line."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    line = line_of(error, name)
    return text if line is None else f"{text} ({name} line {line})"


def assertion(error: AssertionError, name: str) -> str:
    """Return an assertion's text, or the line that makes it."""
    if str(error):
        return str(error)
    line = line_of(error, name)
    return "an assertion" if line is None else linecache.getline(name, line).strip()


def shown_traceback(error: BaseException, name: str) -> str:
    """Return the traceback from the scenario's first line on: what is above it is ours."""
    where = error.__traceback__
    while where is not None and where.tb_frame.f_code.co_filename != name:
        where = where.tb_next
    lines = traceback.format_exception(type(error), error, where or error.__traceback__)
    return "".join(lines)[-_LONGEST_TRACEBACK:].rstrip()


# --- within ---


def _found(names: dict[str, Any], name: str) -> ScenarioModule:
    tasks = tuple(
        dict.fromkeys(value for value in names.values() if isinstance(value, Task))
    )  # under two names it is still one
    for word, meant in _OTHERWISE.items():
        if inspect.isfunction(names.get(word)) and names[word].__module__ == _MODULE:
            raise ConfigError(
                f"{name} {word}()", got="defined", must="named otherwise", fix=f"Write {meant}."
            )
    run = names.get("run")
    if run is not None and not isinstance(run, Task):
        if tasks:
            raise ConfigError(
                f"{name} run()", got="defined", must="left out beside tasks", fix="Keep one kind."
            )
        tasks = (Task(run, 1, "run"),)
    if not tasks:
        raise ConfigError(
            name,
            got="nothing to do",
            must="a scenario with run(user) or tasks",
            fix="Write async def run(user), or put @task before an async function.",
        )
    for task in tasks:
        _check_function(f"{name} {task.name}()", task.function)
    for hook in _HOOKS:
        if hook in names:
            _check_function(f"{name} {hook}()", names[hook])
    return ScenarioModule(
        name,
        tasks,
        names.get("start"),
        names.get("stop"),
        _setup(names, name),
        _options(names, name),
    )


def _check_function(where: str, function: object) -> None:
    """Refuse what would block all users, and what does not take a user."""
    if not inspect.isfunction(function):
        raise ConfigError(where, got=repr(function), must="a function", fix="Write async def.")
    if not inspect.iscoroutinefunction(function):
        raise ConfigError(
            f"{where} line {function.__code__.co_firstlineno}",
            got="def",
            must="async def, because all users of a process take turns in it",
            fix="Write async def, and await before user.get() and the like.",
        )
    try:
        inspect.signature(function).bind(None)
    except TypeError as error:
        raise ConfigError(
            f"{where} line {function.__code__.co_firstlineno}",
            got=str(inspect.signature(function)),
            must="given one argument, the user",
            fix="Write (user).",
        ) from error


def _setup(names: dict[str, Any], name: str) -> Callable[[], Any] | None:
    setup = names.get("setup")
    if setup is None:
        return None
    if not inspect.isfunction(setup):
        raise ConfigError(f"{name} setup", got=repr(setup), must="a function", fix="Write def.")
    if inspect.signature(setup).parameters:
        raise ConfigError(
            f"{name} setup() line {setup.__code__.co_firstlineno}",
            got=str(inspect.signature(setup)),
            must="without arguments, because it runs once and before there are users",
            fix="Write (); for one request urllib will do, and start(user) is for each user.",
        )
    return setup


def _options(names: dict[str, Any], name: str) -> dict[str, Any]:
    options = names.get("options", {})
    if isinstance(options, dict):
        return options
    raise ConfigError(
        f"{name} options", got=repr(options), must="a dict", fix='Write options = {"users": 50}.'
    )


def _refuse_failing(name: str, error: Exception) -> NoReturn:
    fix = "Correct it."
    if isinstance(error, ImportError):
        fix = (
            "A scenario's text travels alone: it may import what is installed on every machine, "
            "but no file beside it."
        )
    line = line_of(error, name)
    raise ConfigError(
        f"{name} line {line}" if line is not None else name,
        got=f"{type(error).__name__}: {error}",
        must="run without an exception",
        fix=fix,
    ) from error
