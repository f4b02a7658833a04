"""What ``hedgerow load`` and ``hedgerow find`` are given: a target, and perhaps a server.

Must not know flags.
"""

from typing import Annotated, TypeAlias

from cyclopts import Parameter

from hedgerow.cli.load_plan import Target, is_scenario, read_scenario
from hedgerow.errors import ConfigError
from hedgerow.load.scenario.options import read_options

Words: TypeAlias = Annotated[
    str,
    Parameter(
        name="TARGET", help="a URL, or a scenario in Python; after -- a server to start first"
    ),
]


def split(verb: str, words: tuple[str, ...], *, example: str) -> tuple[str, tuple[str, ...]]:
    """Take the target and the server's command line apart; raises ConfigError."""
    place = words.index("--") if "--" in words else len(words)
    ours, server = words[:place], words[place + 1 :]
    if len(ours) == 1 and (server or place == len(words)):
        return ours[0], server
    if not ours:
        raise ConfigError(
            verb,
            got="nothing",
            must="given a URL or a scenario",
            fix=f"Write for example {example}.",
        )
    if len(ours) > 1:
        raise ConfigError(
            verb,
            got=" ".join(ours),
            must="given one URL or scenario",
            fix="A server to start goes after --, several URLs into a scenario.",
        )
    raise ConfigError(
        "--", got="nothing", must="followed by a server's command line", fix="Or leave it out."
    )


def target_of(text: str) -> Target:
    """Read what the text names: a URL, or a scenario, which is then checked."""
    if not is_scenario(text):
        return Target(text)
    # Only now: what runs a scenario is dear to import.
    from hedgerow.load.generator.scenario import load_scenario

    scenario = read_scenario(text)
    module = load_scenario(scenario.source, scenario.name)
    return Target(text, scenario, read_options(module.options, scenario.name))
