"""From the settings of files to a route that serves them."""

from hedgerow.serve.durations import Durations
from hedgerow.serve.plan import AnyRoute
from hedgerow.serve.settings import Route
from hedgerow.serve.surroundings import Surroundings


def file_route(
    name: str, route: Route, surroundings: Surroundings, durations: Durations | None
) -> AnyRoute:
    """Make the route for a directory of files."""
    raise NotImplementedError(name)
