"""From a point to the line of settings that brings it about, as far as serve takes it.

A setting is tried on serve's own reader before it is offered, so what is printed can be
pasted; what would be better, but is not taken yet, is told as a remark.  Must not know how
points are found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.policy.tuning import HedgePoint
from hedgerow.policy.tuning_advice import AS_GOOD, Advice
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.units import format_duration, format_share

#: So close to 1 a probability is not worth a setting.
_NEARLY_ALL: Final = 0.995
_FILE: Final = """
[upstream.app]
replicas = ["http://127.0.0.1:9000", "http://127.0.0.1:9001"]
[[route]]
path = "/"
hedge = {}
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One way of writing a point."""

    value: str
    why: str

    @property
    def line(self) -> str:
        """The line of TOML."""
        return f"hedge = {self.value}"


def settings_lines(advice: Advice) -> Iterator[str]:
    """Yield the line to paste, and the others as remarks."""
    settings = list(_settings(advice))
    taken = [setting for setting in settings if is_taken(setting.value)]
    for number, setting in enumerate(taken):
        yield (
            f"# or {setting.line}  # {setting.why}"
            if number
            else (f"{setting.line}  # {setting.why}")
        )
    for setting in settings:
        if setting not in taken:
            yield f"# not taken by this version: {setting.line}  # {setting.why}"


def first_taken(advice: Advice) -> str:
    """Return the value to paste."""
    return next(setting.value for setting in _settings(advice) if is_taken(setting.value))


def is_taken(value: str) -> bool:
    """Say whether ``hedgerow serve`` takes this value of hedge."""
    try:
        settings_from_text(_FILE.replace("{}", value))
    except ConfigError:
        return False
    return True


def share_text(share: float) -> str:
    """Write a share as settings have it: 5%, 0.25%."""
    return f"{share * 100:.4g}%"


def _settings(advice: Advice) -> Iterator[Setting]:
    """Yield the ways of writing the answer, the best first."""
    budget = share_text(advice.budget)
    best, third = advice.best.point, advice.third_copy
    if best.is_none:
        # And not hedge = "off", which would switch off retries after failures too.
        yield Setting('{delay = "off"}', "no copy by time makes this percentile smaller")
        return
    if third is not None and third.at_target * AS_GOOD < advice.best.at_target:
        value = f'{{delay = "{delay_text(third.point)}", extra = 2, budget = "{budget}"}}'
        yield Setting(value, "a second copy where the first does not help either")
    steered = Setting(
        f'{{delay = "auto", budget = "{budget}"}}', "as good, and it follows the load"
    )
    if advice.steered_is_as_good:
        yield steered
    fixed = f'delay = "{delay_text(best)}", '
    if best.probability < _NEARLY_ALL:
        chance = f"probability = {best.probability:.2g}, "
        yield Setting(f'{{{fixed}{chance}budget = "{budget}"}}', "the optimum")
        why = f"the budget thins copies out to {format_share(best.probability)}, as wanted"
    else:
        why = "the optimum: every request that is slower is copied"
    yield Setting(f'{{{fixed}budget = "{budget}"}}', why)


def delay_text(point: HedgePoint) -> str:
    """Write a delay with three digits."""
    return format_duration(point.delay)
