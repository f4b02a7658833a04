import asyncio
import types
from collections.abc import Iterable
from typing import Final

import pytest
from typing_extensions import override

from hedgerow.load.batch import Sample
from hedgerow.load.generator import carrier as carrier_module
from hedgerow.load.generator import open as open_module
from hedgerow.load.generator.dialling import Caller, Dialler
from hedgerow.load.generator.field import Field
from hedgerow.load.generator.open import OpenDriver
from hedgerow.load.generator.recorder import Recorder
from hedgerow.load.generator.request_maker import Endpoint, RequestMaker
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Connecting, LoadPlan, Open, RequestPlan, Share
from hedgerow.measure import Histogram
from hedgerow.wire import lean as lean_module
from hedgerow.wire.lean import LeanConnection
from hedgerow.workload import Spacing
from hedgerow.workload.arrivals import Arrivals
from hedgerow.workload.template import Draw
from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeLoop
from tests.fakes.transport import FakeTransport
