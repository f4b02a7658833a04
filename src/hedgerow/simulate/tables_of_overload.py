"""Simulations of more load than an upstream can carry, with and without a limit before it.

Rows only.  Three replicas of four workers do 600 requests a second; up to ten times as many
come.  Work is not broken off when nobody waits for it any more (as in most servers), so
without a limit the workers are busy with answers that come too late.  One request in ten
matters most.
"""

from typing import Final

from hedgerow.simulate.description import Door, Route, Row, Simulation, Traffic, Upstream

LOADS: Final = (0.5, 0.9, 1.5, 2.0, 5.0, 10.0)
_SECONDS: Final = 60  # of arrivals
_CAPACITY: Final = 600  # requests a second
_DOORS: Final = {
    "no limit": Door(),
    "limit 24": Door(limit=24),
    "adaptive": Door(limit="adaptive"),
}


def overload() -> tuple[Row, ...]:
    """Each load with each limit."""
    return tuple(
        Row(
            label=f"{load:g}, {name}",
            simulation=Simulation(
                requests=int(load * _CAPACITY * _SECONDS),
                warm_up="20%",
                traffic=Traffic(load=load, urgent="10%"),
                upstream=Upstream(
                    replicas=3, workers=4, latency="lognormal:20ms,6ms", notices_cancel=False
                ),
                route=Route(deadline="1s", door=door),
            ),
        )
        for load in LOADS
        for name, door in _DOORS.items()
    )
