"""One route between heads that a test writes and an upstream that never answers."""

from typing import Any

from hedgerow.policy import Policy, Replica, RoundRobin
from hedgerow.serve.plan import Plan, ProxyTerms
from hedgerow.serve.route import ProxyRoute
from hedgerow.serve.surroundings import Surroundings
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from hedgerow.wire.request import Request
from tests.fakes.carrier import FakeCarrier
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_bench import request_head
from tests.fakes.gateway_pool import FakePool
from tests.fakes.loop import FakeLoop
from tests.fakes.policy import route as policy_of


class Kit:
    """One route, and requests for it."""

    def __init__(self, policy: Policy | None = None, terms: Any = None, **more: Any) -> None:
        self.refused: list[Request] = []
        clock = FakeClock()
        engine = Engine(FakeLoop(clock), Descriptors(10))
        self.around = Surroundings(engine, None, self.refused.append)
        self.around.answered = lambda request, seconds, durations: self.refused.append(request)
        policy = policy or policy_of()
        policy.balancer = RoundRobin([Replica("r1", FakePool(clock))])
        proxy_terms = ProxyTerms(policy, **(terms or {}))
        self.route = ProxyRoute("/", proxy_terms, self.around, b"fallback.test", **more)
        self.carrier = FakeCarrier()

    def plan(
        self,
        *lines: str,
        method: str = "GET",
        path: str = "/x",
        query: str = "",
        values: dict[str, str] | None = None,
    ) -> Plan:
        head = request_head(_raw(*lines, method=method))
        return self.route.plan(head, values or {}, path.encode(), query.encode())

    def carried_out(self, plan: Plan, raw: bytes = b"") -> Request:
        request = Request(request_head(raw or _raw()), self.carrier)
        plan.taker.carry_out(plan, request)
        return request

    def asked(self, *lines: str, peer: str = "192.0.2.7") -> bytes:
        """The answer to one request; empty where it is on its way to the upstream."""
        self.carrier = FakeCarrier()
        self.carrier.peer = peer
        self.carried_out(self.plan(*lines), _raw(*lines))
        return self.carrier.output


def _raw(*lines: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} / HTTP/1.1", "Host: a.test", *lines, "", ""]).encode()
