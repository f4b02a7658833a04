"""Whether the addresses that clients connect to fit together.  A part of ``settings.checks``."""

from itertools import combinations

from hedgerow.serve.settings import Listen, Server, Tls
from hedgerow.serve.settings.addresses import same_address
from hedgerow.serve.settings.shown import REMOVE, is_set, shown
from hedgerow.serve.settings.sources import NOTHING, Place


def check_listen(server: Server, server_place: Place) -> None:
    """Raise ConfigError for the first place where they contradict each other."""
    place = server_place / "listen"
    if is_set(server, "trusted_field") and not server.trusted:
        fix = 'Write for example trusted = ["10.0.0.0/8"].'
        got = shown(server, "trusted_field")
        raise (server_place / "trusted_field").refuse(got, "given together with trusted", fix)
    for one, other in combinations(server.listen, 2):
        if one.address == other.address and same_address(one.address, other.address):
            raise place.refuse(other.address, "without an address twice", "Keep one of the two.")
    alone = len(server.listen) == 1
    for number, listen in enumerate(server.listen):
        # A list of one and the same without brackets read alike; the place says what both do.
        _check_one(listen, place if alone else place / number)


def _check_one(listen: Listen, place: Place) -> None:
    if listen.mode is not None and not listen.address.startswith("unix:"):
        must = "given for a unix socket only"
        raise (place / "mode").refuse(shown(listen, "mode"), must, REMOVE)
    if listen.tls is not None:
        _check_tls(listen.tls, place / "tls")
        if listen.redirect is not None:
            must = "left out where there is tls: clients are at https already"
            raise (place / "redirect").refuse(listen.redirect, must, REMOVE)
    elif listen.hsts is not None:
        must = "given together with tls: browsers ignore it without (RFC 6797 section 7.2)"
        raise (place / "hsts").refuse(shown(listen, "hsts"), must, REMOVE)


def _check_tls(tls: Tls, place: Place) -> None:
    if not tls.pairs:
        fix = 'Write for example cert = "a.pem", key = "a.key".'
        raise (place / "cert").refuse(NOTHING, "given", fix)
    if tls.cert is not None and tls.certificates:
        must = "left out where there are certificates"
        raise (place / "cert").refuse(tls.cert, must, "Put it into certificates, first.")
    if tls.cert is None and tls.key is not None:
        must = "given together with cert"
        raise (place / "key").refuse(tls.key, must, "Put it beside its cert.")
    for name in ("client_cert", "client_subject"):
        if tls.client_ca is None and is_set(tls, name):
            must = "given together with client_ca: nobody is asked for a certificate without"
            raise (place / name).refuse(shown(tls, name), must, 'Write client_ca = "ca.pem".')
