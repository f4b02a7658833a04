"""Which crew carries an order out: this machine alone, or the workers of a cluster.

Must not know how either does it.  What only clusters need is an optional extra, and is
imported only when it is asked for.
"""

from hedgerow.errors import ConfigError
from hedgerow.load.channel import Assignment
from hedgerow.load.cluster.address import ClusterAddress
from hedgerow.load.crew import Crew, Heard, LocalCrew, Tell
from hedgerow.load.order import Order


def crew_for(order: Order, assignment: Assignment, tell: Tell, heard: Heard | None) -> Crew:
    """Make the crew that the order asks for; raises ConfigError."""
    if order.cluster == "local":
        return LocalCrew(assignment, tell, heard)
    address = ClusterAddress.parse(order.cluster)
    if address.wants_tls and order.cluster_tls is None:
        raise ConfigError(
            "--cluster",
            got=order.cluster,
            must="given with --cluster-tls CA,CERT,KEY",
            fix="Or write dask:// where the scheduler has no TLS.",
        )
    try:
        from hedgerow.load.cluster.crew import ClusterCrew
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "hedgerow":
            raise
        raise ConfigError(
            "--cluster",
            got=order.cluster,
            must=f"given where dask.distributed is installed ({error.name} is not)",
            fix="Install the extra: pip install 'hedgerow[cluster]'.",
        ) from error
    return ClusterCrew(address, order.cluster_tls, assignment, tell)
