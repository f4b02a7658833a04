"""Locust's side of the comparison: its fast client, users that never pause."""

from locust import FastHttpUser, constant, task

from benchmarks.load.targets import PATH


class Visitor(FastHttpUser):
    """One connection, one request after another."""

    wait_time = constant(0)

    @task
    def visit(self) -> None:
        """Ask for what all others ask for."""
        self.client.get(PATH)
