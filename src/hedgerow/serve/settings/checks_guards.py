"""Whether the settings of who may come in fit together.  A part of ``settings.checks``."""

from hedgerow.serve.settings import Route
from hedgerow.serve.settings.shown import REMOVE
from hedgerow.serve.settings.sources import NOTHING, AsWritten, Place


def check_guards(route: Route, place: Place) -> None:
    """Raise ConfigError for the first place where they contradict each other."""
    auth, cors = route.auth, route.cors
    if auth is not None and auth.basic is None and auth.jwt is None:
        fix = 'Write basic = "users.htpasswd" or jwt = {key = "public.pem"}.'
        raise (place / "auth").refuse(NOTHING, "given one of basic and jwt", fix)
    if auth is not None and auth.user_field is not None and route.answers_itself:
        must = "left out where nothing is sent to an upstream"
        raise (place / "auth" / "user_field").refuse(auth.user_field, must, REMOVE)
    if auth is not None and auth.jwt is not None:
        _check_algorithms(auth.jwt.algorithms, place / "auth" / "jwt" / "algorithms")
    if cors is not None and cors.credentials and "*" in cors.origins:
        must = 'a list of origins where credentials = true, and not "*"'
        fix = "Any page could act for whoever is logged in: name the origins."
        raise (place / "cors" / "origins").refuse("*", must, fix)
    for name in (
        *(cors.headers or () if cors is not None and len(cors.headers or ()) > 1 else ()),
        *(cors.expose or () if cors is not None and cors.credentials else ()),
    ):
        if name == "*":
            must = "either a list of names or a star of its own"
            raise (place / "cors").refuse("*", must, "Remove the star, or the names.")


def _check_algorithms(algorithms: tuple[str, ...], place: Place) -> None:
    """A public key taken for a shared secret would let everybody sign (RFC 8725 section 2.1)."""
    shared = [name for name in algorithms if name.startswith("HS")]
    if shared and len(shared) < len(algorithms):
        must = "either with shared secrets (HS...) or with public keys, and not both"
        raise place.refuse(AsWritten(str(list(algorithms))), must, "Keep one of the two.")
