"""What generator processes must be given besides the plan: lines of files, what setup() returned.

Read once, here, because the processes may be on machines that have no such files.
"""

from pathlib import Path

from hedgerow.errors import ConfigError
from hedgerow.load.channel import Assignment
from hedgerow.load.generator.request_maker import files_of
from hedgerow.load.generator.scenario import load_scenario, run_setup
from hedgerow.load.plan import LoadPlan, RequestPlan, Scenario, Share


async def assignment_for(plan: LoadPlan) -> Assignment:
    """Put together what every process gets; raises ConfigError for a file that is not there."""
    lines: dict[str, list[bytes]] = {}
    if isinstance(plan.work, RequestPlan):
        lines = {name: _lines(name) for name in files_of(plan.work)}
    shared = None
    if isinstance(plan.work, Scenario):
        shared = await run_setup(load_scenario(plan.work.source, plan.work.name))
    return Assignment(plan=plan, share=Share(), lines=lines, shared=shared)


def _lines(name: str) -> list[bytes]:
    try:
        lines = Path(name).read_bytes().splitlines()
    except OSError as error:
        raise ConfigError(
            f"{{line:{name}}}", got=name, must="a file to read", fix=f"({error.strerror})"
        ) from error
    if not lines:
        raise ConfigError(
            f"{{line:{name}}}", got=name, must="a file with lines", fix="It is empty."
        )
    return lines
