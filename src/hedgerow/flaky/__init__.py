"""An upstream that misbehaves on purpose: what gateways and clients are tried on.

server  receives, counts, answers the experimenter
visit   one request, and what is done to it
"""

from hedgerow.flaky.server import FlakyServer

__all__ = ["FlakyServer"]
