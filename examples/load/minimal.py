"""The smallest scenario: one request, again and again.

hedgerow flaky -p 9000
hedgerow load examples/load/minimal.py -u 20 -d 30s
"""

from hedgerow.load.scenario import User  # only for editors

options = {"base_url": "http://127.0.0.1:9000", "users": 10, "duration": "10s"}


async def run(user: User) -> None:
    answer = await user.get("/")
    assert answer.status == 200
