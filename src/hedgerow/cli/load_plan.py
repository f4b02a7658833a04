"""A whole plan from a target and flags; where a scenario has options, flags win.

Puts together what its neighbours read: ``load_model`` when, ``load_request`` what,
``load_expect`` how and what is good.  Must not know who carries the plan out.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hedgerow.cli.load_expect import connecting_of, expectation_of
from hedgerow.cli.load_flags import NO_FLAGS, LoadFlags, RequestFlags
from hedgerow.cli.load_model import course_of
from hedgerow.cli.load_request import request_of, whole_url
from hedgerow.cli.load_values import count, request_timeout
from hedgerow.cli.load_wishes import merged, wishes_of, wishes_of_scenario
from hedgerow.errors import ConfigError
from hedgerow.load.plan import Closed, LoadPlan, RequestPlan, Scenario
from hedgerow.load.scenario.options import ScenarioDefaults

_NO_OPTIONS: Final = ScenarioDefaults()
#: wrk's and hey's default for one URL; a scenario is played by one user until more are asked for.
_USERS_OF_A_URL: Final = 50
_USERS_OF_A_SCENARIO: Final = 1
_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Target:
    """What is put under load: a URL, or a scenario with its options."""

    text: str
    scenario: Scenario | None = None
    options: ScenarioDefaults = _NO_OPTIONS


def plan_of(target: Target, flags: LoadFlags) -> LoadPlan:
    """Read all flags that say how the load looks; raises ConfigError."""
    options = target.options
    wishes = wishes_of(flags.shape, flags.connection, no_cookies=flags.request.no_cookies)
    default_users = _USERS_OF_A_SCENARIO if target.scenario else _USERS_OF_A_URL
    course = course_of(merged(wishes, wishes_of_scenario(options)), default_users=default_users)
    return LoadPlan(
        work=_work(target, flags.request),
        model=course.model,
        expect=expectation_of(flags.judging),
        connecting=connecting_of(flags.connection, options),
        duration=course.duration,
        requests=course.requests,
        warm_up=course.warm_up,
        timeout=_timeout(flags.connection.timeout, options),
        seed=count("--seed", flags.machine.seed, least=0) if flags.machine.seed else 1,
        processes=_processes(flags.machine.processes, options, course.model),
        keeps_samples=flags.output.jtl is not None,
        base_url=_base_url(target, flags.request),
    )


def _work(target: Target, flags: RequestFlags) -> RequestPlan | Scenario:
    if target.scenario is None:
        return request_of(target.text, flags)
    for name, default in vars(NO_FLAGS.request).items():
        value = getattr(flags, name)
        if name not in ("no_cookies", "base_url") and value != default:
            raise ConfigError(
                _FLAG_OF.get(name, f"--{name.replace('_', '-')}"),
                got="set" if isinstance(value, bool) else value,
                must="given with a URL, not with a scenario",
                fix="A scenario says itself what is sent.",
            )
    return target.scenario


_FLAG_OF: Final = {"headers": "--header", "template": "--no-template"}


def _timeout(text: str | None, options: ScenarioDefaults) -> float:
    if text is not None:
        return request_timeout(text)
    return options.timeout or _TIMEOUT


def _processes(text: str | None, options: ScenarioDefaults, model: object) -> int:
    """How many processes; ``auto`` is one a core, and no more than there are users."""
    if text is None:
        return options.processes or 1
    if text != "auto":
        return count("-w", text)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, model.users) if isinstance(model, Closed) else cores or 1


def _base_url(target: Target, flags: RequestFlags) -> str:
    if target.scenario is None:
        if flags.base_url is not None:
            raise ConfigError(
                "--base-url",
                got=flags.base_url,
                must="given with a scenario",
                fix=f"The URL is {target.text} already.",
            )
        return ""
    asked = flags.base_url or target.options.base_url
    return whole_url(asked) if asked else ""


# --- the target ---


def is_scenario(text: str) -> bool:
    """True for the name of a Python file."""
    return text.endswith(".py") and "://" not in text


def read_scenario(text: str) -> Scenario:
    """Read the file; raises ConfigError."""
    try:
        source = Path(text).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(
            "scenario", got=text, must="a Python file that can be read", fix=f"({why})"
        ) from None
    return Scenario(source=source, name=text)
