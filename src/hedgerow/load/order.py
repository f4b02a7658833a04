"""What is asked of a run besides its plan: who watches, what is promised, what is written.

Must not know how it is carried out.
"""

from dataclasses import dataclass, field
from pathlib import Path

from hedgerow.load.plan import LoadPlan
from hedgerow.measure.slo import Slo
from hedgerow.report.document import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One run, ready to be carried out."""

    plan: LoadPlan
    config: Config = field(default_factory=Config)  # the plan in a reader's words
    name: str = ""
    target: str = ""
    slos: tuple[Slo, ...] = ()
    abort_on_fail: bool = False  # stop as soon as a promise is broken
    watch: tuple[int, ...] = ()  # process ids whose trees are watched
    watch_name: str = ""
    cluster: str = "local"  # or dask://host:port
    cluster_tls: tuple[str, str, str] | None = None  # CA, certificate and key for it
    jtl: Path | None = None
