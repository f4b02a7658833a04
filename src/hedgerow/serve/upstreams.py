"""One upstream while it runs: its door, its replicas, and what leads to them.

Carries out what ``policy.replica_set`` decides: calls it when something is due, sends its
checks, has its names resolved, gives newcomers a pool and closes those of replicas that have
drained.  Must not know routes, requests or the settings file.

Four times a second is often enough for all of that: attempts that settle sweep the set too,
so a replica that fails is ejected in the moment of its last failure.

What cannot matter is not paid for.  Where nothing can be ejected, checked or resolved (one
address without checks, or ``health = "off"``) requests use the bare balancer, and the set is
there for its statistics only.
"""

import random
import ssl
import time
from collections.abc import Callable
from typing import NamedTuple

from hedgerow.errors import ConfigError
from hedgerow.policy import Balancer, LeastRequest, Replica, RoundRobin
from hedgerow.policy.balance import ChangingBalancer
from hedgerow.policy.cancel_efficacy import CancelEfficacy
from hedgerow.policy.peak_ewma import PeakEwmaBalancer
from hedgerow.policy.replica_set import ReplicaSet, SetStatistics
from hedgerow.serve.checking import CheckTerms, Finding, ReplicaCheck
from hedgerow.serve.door import Door
from hedgerow.serve.replica_news import ReplicaNews
from hedgerow.serve.resolving import Names, Resolver, ask_system
from hedgerow.serve.settings import ReplicaUrl, Upstream
from hedgerow.serve.settings.policy import admission, pool_limits, replica_rules
from hedgerow.wire.certificates import PairFiles, load_pair
from hedgerow.wire.engine import Engine
from hedgerow.wire.pool import Origin, Pool


class _Place(NamedTuple):
    """Where one replica is."""

    url: ReplicaUrl
    address: str | None  # one of those that the URL's name has; None: the URL's own host


class _Ways(NamedTuple):
    """What leads to one replica."""

    pool: Pool
    check: ReplicaCheck | None


class LiveUpstream:
    """The replicas of one upstream; ``balancer`` is what its routes choose with."""

    def __init__(
        self,
        name: str,
        settings: Upstream,
        engine: Engine,
        announce: Callable[[str], None],
        resolver: Resolver = ask_system,
    ) -> None:
        """Open nothing yet: connections are made when they are needed; raises ConfigError."""
        self.name = name
        self._settings = settings
        self._engine = engine
        self._announce = announce
        self._limits = pool_limits(settings)
        self._check_terms = _check_terms(settings)
        has_tls = any(url.scheme == "https" for url in settings.replicas)
        self._tls = _tls(name, settings) if has_tls else None
        self._names = self._names_to_resolve(resolver)
        self._ways: dict[Replica, _Ways] = {}
        self._news = ReplicaNews()
        self._is_stopped = False
        self.balancer, self.replicas = self._balancers()
        #: Whether cancelled attempts stop there; learnt by routes that learn their delay.
        self.efficacy = CancelEfficacy()
        places = admission(settings, random.Random())
        self.door = None if places is None else Door(places, engine.wheel)
        engine.sweeper.add(self._tick)

    @property
    def pools(self) -> list[Pool]:
        """The connections to each replica, those that drain included."""
        return [ways.pool for ways in self._ways.values()]

    def statistics(self) -> SetStatistics:
        """Return what an operator asks about the replicas."""
        return self.replicas.statistics()

    def last_checks(self) -> dict[str, str]:
        """Return what came of each replica's last check, in words, by the replica's name."""
        return {
            replica.name: ways.check.last
            for replica, ways in self._ways.items()
            if ways.check is not None
        }

    async def start(self) -> None:
        """Find the replicas that are known by name, and send the first checks.

        A name that is not resolved in the time that a connection may take to open comes later.
        """
        if self._names is not None:
            await self._names.first(self._limits.connect_timeout)
        self._tick(time.monotonic())

    def stop(self) -> None:
        """Send no more checks, resolve no more names; what is in flight goes on."""
        self._is_stopped = True
        for ways in self._ways.values():
            if ways.check is not None:
                ways.check.stop()
        if self._names is not None:
            self._names.stop()

    def close(self) -> None:
        """Close every connection that is not busy; no more are opened."""
        self.stop()
        for pool in self.pools:
            pool.close()

    # --- what time does ---

    def _tick(self, now: float) -> None:
        if self._is_stopped:
            return
        if self._names is not None:
            self._names.tick(now)
        if now >= self.replicas.due_at:
            self.replicas.sweep(now)
            for replica in self.replicas.checks_due(now):
                if (check := self._ways[replica].check) is not None:
                    check.ask(now)
        for replica in self.replicas.take_drained():
            self._leave(replica)
        if self.balancer is self.replicas:
            for line in self._news.lines(self.statistics(), self.last_checks()):
                self._say(line)

    def _tell(self, replica: Replica, now: float, finding: Finding) -> None:
        """Hand on what a check has found."""
        if finding == "passed":
            self.replicas.check_passed(now, replica)
        elif finding == "not made":
            self.replicas.check_not_made(now, replica)
        else:
            self.replicas.check_failed(now, replica, refused=finding == "refused")

    # --- replicas that come and go ---

    def _names_to_resolve(self, resolver: Resolver) -> Names | None:
        interval = self._settings.resolve
        if interval is None:
            return None
        hosts = [(url.host, url.port) for url in self._settings.replicas if url.is_name]
        names = Names(hosts, interval, self._engine, self._say, resolver)
        names.changed = self._update
        return names

    def _balancers(self) -> tuple[Balancer, ReplicaSet]:
        """Build what chooses; without names to resolve all replicas are known."""
        rules = replica_rules(self._settings)
        places = self._found()  # names that are to be resolved stand for none yet
        replicas = []
        for name, place in places.items():
            replicas.append(Replica(name, weight=place.url.weight))
            self._lead_to(replicas[-1], place)
        is_alone = self._names is None and len(replicas) == 1  # there is nothing to choose
        balancer = _balancer("least-request" if is_alone else self._settings.balance, replicas)
        replica_set = ReplicaSet(replicas, balancer, random.Random(), rules)
        can_eject = self._settings.health is not None and len(replicas) > 1
        if can_eject or rules.checks is not None or self._names is not None:
            return replica_set, replica_set
        return balancer, replica_set

    def _found(self) -> dict[str, _Place]:
        """Return the replicas that are known now, by what they are called."""
        urls = self._settings.replicas
        authorities = [url.authority for url in urls]
        places = {}
        for url in urls:
            # http://a and https://a are two, and look alike without the scheme.
            called = url.authority if authorities.count(url.authority) == 1 else url.url
            if self._names is None or not url.is_name:
                places[called] = _Place(url, None)
                continue
            for address in self._names.addresses(url.host, url.port):
                places[f"{called} ({address})"] = _Place(url, address)
        return places

    def _update(self, now: float) -> None:
        """A name resolves to other addresses than before."""
        places = self._found()
        newcomers = self.replicas.update(now, {name: p.url.weight for name, p in places.items()})
        for replica in newcomers:
            self._lead_to(replica, places[replica.name])

    def _lead_to(self, replica: Replica, place: _Place) -> None:
        url, engine = place.url, self._engine
        tls = self._tls if url.scheme == "https" else None
        origin = Origin(place.address or url.host, url.port, tls, server_name=url.host)
        pool = Pool(origin, self._limits, engine.sweeper, engine.descriptors, engine.outbox)
        check = None
        if self._check_terms is not None:
            check = ReplicaCheck(
                self._check_terms,
                origin,
                url.authority,
                engine,
                lambda now, finding: self._tell(replica, now, finding),
            )
        replica.address = pool
        self._ways[replica] = _Ways(pool, check)

    def _leave(self, replica: Replica) -> None:
        ways = self._ways.pop(replica)
        self.efficacy.forget(replica)
        if ways.check is not None:
            ways.check.stop()
        ways.pool.close()

    def _say(self, text: str) -> None:
        self._announce(f"upstream {self.name}: {text}")


def _balancer(balance: str, replicas: list[Replica]) -> ChangingBalancer:
    if balance == "round-robin":
        return RoundRobin(replicas)
    # Seeded by the system: two gateways with the same seed would crowd on the same replicas.
    if balance == "peak-ewma":
        return PeakEwmaBalancer(replicas, random.Random())
    return LeastRequest(replicas, random.Random())


def _check_terms(settings: Upstream) -> CheckTerms | None:
    check = settings.check
    if check is None:
        return None
    statuses = None if check.status is None else frozenset(check.status)
    return CheckTerms(check.path, check.timeout, check.host, statuses)


def _tls(name: str, upstream: Upstream) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=upstream.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"[upstream.{name}] ca_file",
            got=upstream.ca_file,
            must="a file of certificates in PEM form",
            fix=f"({error})",
        ) from error
    if upstream.cert is not None:
        where = f"[upstream.{name}]"
        pair = PairFiles(upstream.cert, upstream.key, f"{where} cert", f"{where} key")
        load_pair(context, pair)
    if not upstream.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
