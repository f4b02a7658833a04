"""How many proxied requests one core carries, and at what cost.

A small JSON answer is fetched through each proxy over keep-alive connections, as
fast as it goes (closed loop).  The proxy has one core for itself; wrk and the
backend share another.  Contenders take turns, and each trial starts its proxy anew.

contenders       the proxies, each in its best sane settings
aiohttp_proxy    what a Python team would write by hand
wrk              the load, and what it says
trial            one contender, one round
report           the table, and when a row does not count
"""
