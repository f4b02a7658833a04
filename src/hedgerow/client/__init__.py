"""Hedging inside your own asyncio code: the shell around ``policy.exchange`` for coroutines.

Carries decisions out and makes none: every delay, verdict and budget is policy's.
It must not know the gateway, and it imports no HTTP library by itself: the modules
``httpx`` and ``aiohttp`` need the extras of the same names.

    calls      hedge() for one call of any coroutine, Hedger for many
    race       attempts as tasks: started, judged, cancelled, cleared away
    failures   how a call ends when nothing good came
    http       what the two HTTP clients have in common
    httpx      HedgedTransport, to put under an httpx.AsyncClient
    aiohttp    HedgedSession, to put around an aiohttp.ClientSession
"""

from hedgerow.client.calls import Hedger, hedge
from hedgerow.client.failures import (
    AllAttemptsFailed,
    AttemptCancelled,
    AttemptTimeout,
    DeadlineExceeded,
    ResultRejected,
)
from hedgerow.client.race import AttemptInfo, current_attempt
from hedgerow.policy import AnswerRule, Counters, HedgeRule, LoadBudget

__all__ = [
    "hedge",
    "Hedger",
    "AttemptInfo",
    "current_attempt",
    "AllAttemptsFailed",
    "AttemptCancelled",
    "AttemptTimeout",
    "DeadlineExceeded",
    "ResultRejected",
    "AnswerRule",
    "Counters",
    "HedgeRule",
    "LoadBudget",
]
