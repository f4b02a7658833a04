"""Access logs of one JSON object a line: ours, Envoy's, Istio's, nginx's, Caddy's.

Which keys mean what is one table, since nobody agrees on names; a key that is not in it
can be given, with its unit.  Must not know which form a log is in otherwise.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from hedgerow.lab.logs.entry import Entry
from hedgerow.lab.logs.text import Which, entry_of, with_fates

_MS: Final = 1e-3
#: Keys of times, the surest first, and what one of their units is in seconds.
_UPSTREAM: Final[Mapping[str, float]] = {
    "upstream_response_time": 1.0,
    "upstream_service_time": _MS,
    "x_envoy_upstream_service_time": _MS,
    "x-envoy-upstream-service-time": _MS,
}
_TOTAL: Final[Mapping[str, float]] = {
    "request_time": 1.0,
    "ms": _MS,
    "duration_ms": _MS,
    "latency_ms": _MS,
    "response_time_ms": _MS,
    "elapsed_ms": _MS,
    "duration": _MS,
}
_NAMES: Final = {
    "status": ("status", "response_code", "status_code", "code"),
    "method": ("method", "request_method", "http_method"),
    "path": ("path", "target", "request_uri", "uri", "url", "x-envoy-original-path"),
    "request": ("request",),
}
_DECODE: Final = msgspec.json.Decoder(dict[str, Any]).decode


class JsonLog:
    """Lines of JSON; ``field`` is the key of the time where it is none of the known ones."""

    name = "JSON lines"

    def __init__(
        self, which: Which = "upstream", *, field: str | None = None, second: float = _MS
    ) -> None:
        if field is not None:
            self._times: Mapping[str, float] = {field: second}
        elif which == "upstream":
            self._times = {**_UPSTREAM, **_TOTAL}
        else:
            self._times = {**_TOTAL, **_UPSTREAM}

    def read(self, line: str) -> Entry | None:
        if not line.startswith("{"):
            return None
        try:
            record = _DECODE(line)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return None
        inner = record.get("request")
        seconds: float | None = None
        if isinstance(inner, dict):  # Caddy's: and its duration is in seconds
            record, seconds = {**record, **inner, "request": None}, 1.0
        name = next((name for name in self._times if record.get(name) is not None), None)
        if name is None:
            return None
        if name != "duration" or seconds is None:
            seconds = self._times[name]
        entry = entry_of(_fields(record), str(record[name]), seconds)
        attempts = record.get("attempts")
        if entry is not None and isinstance(attempts, list) and isinstance(record.get("ms"), float):
            status = record.get("status")
            entry.left_out, entry.is_longer = None, False
            return with_fates(entry, status if isinstance(status, int) else 0, attempts)
        return entry


def _fields(record: Mapping[str, Any]) -> dict[str, str]:
    found = {
        role: next((record[name] for name in names if record.get(name) is not None), None)
        for role, names in _NAMES.items()
    }
    return {role: str(value) for role, value in found.items() if value is not None}
