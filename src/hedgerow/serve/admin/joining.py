"""How what several gateways know becomes one, where it is told as JSON can tell it.

A rule stands for each key: how values of several become one, and whether what a gateway
leaves behind that is gone is among them.  Must not know which keys there are.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of one key."""

    #: Makes one of several; a thing of which not all is known is left out, where it is True.
    join: Callable[[Sequence[Any], bool], Any]
    #: What stays of it when its gateway is gone; None: nothing does.
    keep: Callable[[Any], Any] | None = None


Rules = Mapping[str, Rule]


def joined(rules: Rules, parts: Iterable[Told], *, only_whole: bool = True) -> dict[str, Any]:
    """Return several as one; what none of them has is not in it.

    ``only_whole``: without things inside that only those know who are gone.
    """
    every = list(parts)
    found = {key: [part[key] for part in every if key in part] for key in rules}
    return {key: rules[key].join(values, only_whole) for key, values in found.items() if values}


def kept(rules: Rules, told: Told) -> dict[str, Any]:
    """Return what is true of one also when it is gone."""
    return {
        key: rule.keep(told[key])
        for key, rule in rules.items()
        if rule.keep is not None and key in told
    }


def by_name(rules: Rules) -> Rule:
    """Lists of things that are the same where their name is."""

    def join(values: Sequence[Sequence[Told]], only_whole: bool) -> list[dict[str, Any]]:
        same: dict[str, list[Told]] = {}
        for things in values:
            for thing in things:
                same.setdefault(thing["name"], []).append(thing)
        made = (joined(rules, parts, only_whole=only_whole) for parts in same.values())
        return [thing for thing in made if not only_whole or len(thing) == len(rules)]

    return Rule(join, lambda things: [kept(rules, thing) for thing in things])


def each(rule: Rule) -> Rule:
    """Numbers by what they are of."""

    def join(values: Sequence[Told], only_whole: bool) -> dict[str, Any]:
        found: dict[str, list[Any]] = {}
        for value in values:
            for key, number in value.items():
                found.setdefault(key, []).append(number)
        return {key: rule.join(numbers, only_whole) for key, numbers in found.items()}

    return Rule(join, None if rule.keep is None else dict)


def where_there_is_one(rules: Rules) -> Rule:
    """A thing, or None."""

    def join(values: Sequence[Told | None], only_whole: bool) -> dict[str, Any] | None:
        there = [value for value in values if value is not None]
        made = joined(rules, there, only_whole=only_whole)
        return made if there and (not only_whole or len(made) == len(rules)) else None

    return Rule(join, lambda value: None if value is None else kept(rules, value))


def simple(join: Callable[[Sequence[Any]], Any]) -> Rule:
    """Things that are as they are now, and so of those alive."""
    return Rule(lambda values, _: join(values))


def lasting(join: Callable[[Sequence[Any]], Any]) -> Rule:
    """Things that stay true also of those who are gone."""
    return Rule(lambda values, _: join(values), lambda value: value)


def _sum(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    total = sum(there)
    return None if not there else round(total, 6) if isinstance(total, float) else total


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return round(sum(there) / len(there), 3) if there else None


def _distinct(values: Sequence[str | None]) -> str | None:
    return ", ".join(dict.fromkeys(value for value in values if value is not None)) or None


def _counted(values: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return dict(sum(map(Counter, values), Counter[str]()))


SAME: Final = lasting(lambda values: values[0])  # a name
TOTAL: Final = lasting(_sum)  # it only ever grows
SUM: Final = simple(_sum)
LARGEST: Final = simple(max)
MEAN: Final = simple(_mean)
ANY: Final = simple(any)
ALL: Final = simple(all)
DISTINCT: Final = simple(_distinct)  # words: each once
COUNTED: Final = simple(_counted)  # how many say so, by what they say
