"""From the settings of a route to the guards around it."""

import time
from typing import Final

from hedgerow.serve.guards.addresses import AddressRule
from hedgerow.serve.guards.answer import AnswerFields
from hedgerow.serve.guards.basic import BasicUsers, bcrypt_check, read_htpasswd
from hedgerow.serve.guards.bearer import TokenRule, TokenVerifier
from hedgerow.serve.guards.cors import CorsRule
from hedgerow.serve.guards.guard import GuardedRoute, Guards
from hedgerow.serve.plan import AnyRoute
from hedgerow.serve.settings import Route
from hedgerow.serve.settings.guards import Auth, Cors
from hedgerow.serve.settings.policy import rate_limiter
from hedgerow.serve.surroundings import Surroundings

#: Tokens say until when they are good as a time of day.
_DATE: Final = time.time  # noqa: TID251


def guarded(inner: AnyRoute, route: Route, surroundings: Surroundings, where: str) -> AnyRoute:
    """Put around a route what its settings ask for: the route itself where they ask nothing.

    ``where`` is what errors call the route; raises ConfigError for files that are no good.
    """
    guards = Guards()
    if route.allow or route.deny:
        guards.addresses = AddressRule(route.allow, route.deny)
    if route.auth is not None:
        _add_auth(guards, route.auth, f"{where} auth")
    if route.cors is not None:
        guards.cors = _cors(route.cors)
    if (fields := route.headers) is not None:
        guards.answer = AnswerFields(fields.put or {}, fields.add or {}, fields.remove or ())
    if route.answers_itself:
        guards.limiter = rate_limiter(route)
    return inner if guards == Guards() else GuardedRoute(inner, guards, surroundings, _DATE)


def _add_auth(guards: Guards, auth: Auth, where: str) -> None:
    guards.realm, guards.user_field = auth.realm, auth.user_field
    if auth.basic is not None:
        place = f"{where}.basic"
        guards.basic = BasicUsers(read_htpasswd(auth.basic, place), bcrypt_check(place))
    if (jwt := auth.jwt) is not None:
        rule = TokenRule(jwt.algorithms, jwt.issuer, jwt.audience, jwt.leeway)
        guards.bearer = TokenVerifier(rule, jwt.key, f"{where}.jwt.key")


def _cors(cors: Cors) -> CorsRule:
    return CorsRule(
        cors.origins,
        cors.methods,
        cors.headers or (),
        cors.expose or (),
        cors.credentials,
        round(cors.max_age),
    )
