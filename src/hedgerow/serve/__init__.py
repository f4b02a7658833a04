"""The gateway: decisions from ``policy``, carried out with ``wire``.

    assembly      from settings to a gateway that is ready to listen
    gateway       one process: routes, clients, log, a clean stop
    routes        which route a request belongs to
    route         from a request's head to a race between attempts
    proxy         one proxied request: the shell around ``policy.exchange``
    attempt_call  one attempt on its connection
    upload        a request's body on its way
    answers       what the gateway itself says; replies: what a route says instead
    story         a request told attempt by attempt;  access_log: in one line
    settings      what can be set (and settings_*: how it is read, checked and shown)

Nothing is imported here, so that reading settings does not load the engine.
"""
