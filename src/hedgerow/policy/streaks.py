"""Whether failures in a row say something of a replica, or of the times.

Decides by counts; must not know states, time or names.  Five failures in a row are a sign
where hardly anything fails.  When all replicas are overloaded and half of everything
fails, each of them has five in a row every few seconds; to eject one then puts its load on
the others, which fail more for it, and that does not end by itself.

So a replica is ejected when its failures in a row are more than chance would bring at the
rate at which the *others* fail: p^n below one in a million.  That is 5 up to p = 6 %, 9 at
20 %, 18 at 45 %, and never above.  A replica that is dead gets there, only later; one that
fails like all others does not.

The others' rate is the median of what each failed lately, so that a second dead replica
does not excuse the first.
"""

import math
import statistics
from collections.abc import Sequence
from typing import Final

#: What a failure counts: when all begin to fail at once the rate must rise as fast as the rows
#: get longer (three failures of each: 27 %, which asks for 11).
LEARNING: Final = 0.1
#: What a success counts: less, so that of several that recover the first does not have the
#: others taken for broken.
FORGETTING: Final = 0.02
_CHANCE: Final = math.log(1e-6)
#: Where the others fail as often as that, nobody is odd.
_MOST: Final = 0.5


def streak_needed(others: Sequence[float], at_least: int) -> float:
    """Return how many failures in a row are no chance; ``others``: what share each failed lately.

    Infinite where half of what the others do fails, or more.
    """
    rate = statistics.median_low(others) if others else 0.0
    if rate <= 0.0:
        return at_least
    return max(at_least, _CHANCE / math.log(rate)) if rate < _MOST else math.inf
