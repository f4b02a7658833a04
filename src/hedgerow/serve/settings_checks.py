"""What one setting cannot tell about itself: whether the settings fit together.

:func:`check` is the one place for that; nothing deeper checks again.  A setting that
can have no effect is an error too: whoever wrote it expects one.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

from hedgerow.serve.replies import BODY_VALUE, template_names
from hedgerow.serve.settings import Deadline, Route, Settings, Upstream
from hedgerow.serve.settings_fields import fields_of
from hedgerow.serve.settings_kinds import DURATION, nearest, toml
from hedgerow.serve.settings_names import parameters
from hedgerow.serve.settings_sources import NOTHING, Place
