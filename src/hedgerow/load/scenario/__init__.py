"""What the author of a scenario writes: functions, tasks and options.

``from hedgerow.load.scenario import User, check, task`` is all that a scenario needs of
us, and only where it uses them.  Must not know how a scenario is played.

    api      the names above, and what a user and an answer can do
    options  how a scenario is played when no flag says otherwise
    k6       the same in k6's words;  values: durations, counts and stages
"""

from hedgerow.load.scenario.api import (
    Answer,
    Headers,
    Pairs,
    RequestOptions,
    Task,
    User,
    UserFunction,
    check,
    task,
)

__all__ = [
    "task",
    "check",
    "User",
    "Answer",
    "Headers",
    "RequestOptions",
    "Pairs",
    "Task",
    "UserFunction",
]
