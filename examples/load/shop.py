"""A shop: every user logs in once; three of four iterations only look, one buys.

Arrivals follow their own clock, as those of real visitors do: a slow shop gets no fewer.
The promises decide the exit code.

hedgerow load examples/load/shop.py --html shop.html
"""

from hedgerow.load.scenario import User, check, task

options = {
    "base_url": "http://127.0.0.1:8000",
    "rate": 50,  # iterations a second, in all
    "arrivals": "poisson",
    "warm_up": "5s",
    "duration": "1m",
    "slo": ["p99<500ms", "p95{label=buy / pay}<300ms", "errors<1%"],
}


async def start(user: User) -> None:
    """Log in; the session's cookie comes back by itself, the token does not."""
    answer = await user.post(
        "/login", data={"name": f"visitor{user.number}", "password": "secret"}, label="login"
    )
    assert answer.ok, "nobody was let in"
    user.data["headers"] = {"Authorization": f"Bearer {answer.json()['token']}"}


@task(weight=3)
async def browse(user: User) -> None:
    page = user.random.randint(1, 20)
    answer = await user.get("/items", params={"page": page}, label="list")
    items = answer.json()
    check(answer, {"has items": items, "is quick": answer.elapsed < 1})
    await user.pause(1, 3)
    item = user.random.choice(items)
    # What a browser does: the item and its pictures at once, each over a connection of its own.
    await user.gather(
        user.get(f"/items/{item['id']}", label="item"),
        user.get(f"/pictures/{item['id']}.jpg", label="picture"),
    )


@task(weight=1)
async def buy(user: User) -> None:
    headers = user.data["headers"]
    async with user.group("buy"):
        answer = await user.get("/items", params={"page": 1}, label="list")
        item = user.random.choice(answer.json())
        await user.post("/cart", json={"id": item["id"]}, headers=headers, label="cart", expect=201)
        await user.pause(1, 2)
        answer = await user.post("/orders", headers=headers, label="pay", follow=1)
        assert "Thank you" in answer.text()


async def stop(user: User) -> None:
    await user.post("/logout", headers=user.data["headers"], label="logout")
