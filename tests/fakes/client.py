"""A client of the server's connection, without sockets."""

import re
from typing import Final

from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeLoop
from tests.fakes.transport import FakeTransport
from typing_extensions import override

from hedgerow.wire.limits import Limits
from hedgerow.wire.listener import Handler, Listener
from hedgerow.wire.server import ServerConnection
from hedgerow.wire.timers import Sweeper
