"""What stands around a route: who may come in, and what every answer carries.

    addresses   networks that may, and that may not
    basic       user and password (RFC 7617);  bearer: signed tokens (RFC 6750, RFC 7519)
    cors        what pages of other origins may do
    answer      fields that every answer gets, and that none has
    guard       the route that holds them

A route without guards pays nothing for this package.
"""
