"""Sign-ups, each with an address of its own; k6's words for the load.

No two addresses are the same, whatever the number of processes and machines, nor in the next
run: the seed is another one each time, unless --seed says which.

hedgerow load examples/load/sign_up.py
"""

from hedgerow.load.scenario import User  # only for editors

options = {
    "base_url": "http://127.0.0.1:8000",
    "scenarios": {
        "sign_up": {
            "executor": "ramping-vus",
            "startVUs": 1,
            "stages": [
                {"duration": "20s", "target": 8},
                {"duration": "1m", "target": 8},
                {"duration": "10s", "target": 0},
            ],
        }
    },
    "thresholds": {
        "http_req_duration{name:sign up}": ["p(95)<300"],
        "http_req_failed": [{"threshold": "rate<0.01", "abortOnFail": True}],
    },
    "new_user_each_iteration": True,
}


def setup() -> dict[str, list[str]]:
    """Once, before the load; what is returned is user.shared everywhere."""
    return {"plans": ["free", "basic", "team"]}


async def run(user: User) -> None:
    form = {
        "email": user.email(),
        "password": user.uuid(),
        "plan": user.random.choice(user.shared["plans"]),
    }
    answer = await user.post("/sign-up", data=form, label="sign up", expect=201)
    user_id = answer.json()["id"]
    await user.pause(0.5, 1.5)
    profile = await user.get(f"/users/{user_id}", label="profile")
    assert profile.json()["email"] == form["email"], "somebody else's profile"
