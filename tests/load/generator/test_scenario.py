import asyncio
import random
import textwrap
from typing import Any

import pytest

from hedgerow.errors import ConfigError, StartError
from hedgerow.load.generator.scenario import (
    ScenarioModule,
    assertion,
    load_scenario,
    one_line,
    run_setup,
    shown_traceback,
)


def loaded(source: str) -> ScenarioModule:
    return load_scenario(textwrap.dedent(source), "shop.py")


RUN = "\nasync def run(user): pass\n"


class TestScenario:
    def test_is_a_function_called_run(self) -> None:
        (task,) = loaded("async def run(user): pass").tasks
        assert (task.name, task.weight) == ("run", 1)

    def test_may_have_tasks_instead(self) -> None:
        tasks = loaded("""
            from hedgerow.load.scenario import task

            @task
            async def look(user): pass

            @task(3)
            async def browse(user): pass

            @task(weight=0.5)
            async def buy(user): pass

            same = buy
        """).tasks
        assert [(task.name, task.weight) for task in tasks] == [
            ("look", 1), ("browse", 3), ("buy", 0.5),
        ]  # fmt: skip

    def test_may_prepare_and_clean_up(self) -> None:
        module = loaded(
            "async def start(user): pass\nasync def stop(user): pass\nasync def setup(): pass" + RUN
        )
        assert None not in (module.start, module.stop, module.setup)

    def test_needs_neither(self) -> None:
        module = loaded(RUN)
        assert (module.start, module.stop, module.setup, module.options) == (None, None, None, {})

    def test_has_options(self) -> None:
        assert loaded("options = {'users': 5}" + RUN).options == {"users": 5}

    def test_may_have_dataclasses_with_forward_references(self) -> None:
        loaded("""
            from __future__ import annotations
            from dataclasses import dataclass

            @dataclass
            class Item:
                next: Item | None

            async def run(user): pass
        """)


class TestDrawing:
    def test_goes_by_weight(self) -> None:
        module = loaded("""
            from hedgerow.load.scenario import task

            @task(weight=3)
            async def browse(user): pass

            @task(weight=1)
            async def buy(user): pass
        """)
        chance = random.Random(1)
        names = [module.draw(chance).name for _ in range(4000)]
        assert names.count("browse") == pytest.approx(3000, abs=120)


class TestWrongScenario:
    @pytest.mark.parametrize(
        ("source", "told"),
        [
            ("async def run(user)\n    pass", r"shop.py line 1 = 'async def run\(user\)'.*Python"),
            ("x = 1\ny = 1 / 0", "shop.py line 2 = 'ZeroDivisionError"),
            ("import pages_beside_it", "shop.py line 1 = .*travels alone"),
            ("x = 1", "shop.py = 'nothing to do': must be a scenario with run"),
            ("def run(user): pass", r"run\(\) line 1 = 'def': must be async def"),
            ("async def run(): pass", r"run\(\) line 1 = '\(\)': must be given one argument"),
            ("run = 5", "must be a function"),
            ("def start(user): pass" + RUN, r"start\(\) line 1.*async def"),
            ("async def stop(): pass" + RUN, r"stop\(\) line 1.*one argument"),
            ("def setup(user): pass" + RUN, r"setup\(\) line 1.*without arguments"),
            ("def default(): pass", r"default\(\).*Write run"),
            ("async def on_start(user): pass" + RUN, r"on_start\(\).*Write start"),
            ("options = ['users']" + RUN, "shop.py options = .*dict"),
            ("from hedgerow.load.scenario import task\n@task\ndef a(user): pass", "async def"),
            (
                "from hedgerow.load.scenario import task\n@task\nasync def a(user): pass" + RUN,
                r"run\(\) = 'defined': must be left out beside tasks",
            ),
            (
                "from hedgerow.load.scenario import task\n@task(weight=0)\nasync def a(u): 0",
                "line 2 = .*above 0",
            ),
        ],
    )
    def test_is_refused_with_its_line_and_the_fix(self, source: str, told: str) -> None:
        with pytest.raises(ConfigError, match=told):
            loaded(source)


class TestSetup:
    def value(self, body: str) -> Any:
        return asyncio.run(run_setup(loaded(body + RUN)))

    def test_gives_users_a_value(self) -> None:
        assert self.value("async def setup(): return {'token': 'x', 'ids': (1, 2)}") == {
            "token": "x", "ids": [1, 2],
        }  # fmt: skip

    def test_may_be_a_plain_function(self) -> None:
        assert self.value("def setup(): return 5") == 5

    def test_need_not_be_there(self) -> None:
        assert self.value("") is None

    def test_that_fails_prevents_the_start(self) -> None:
        with pytest.raises(StartError, match=r"(?s)KeyError: 'x' \(shop.py line 1\).*Traceback"):
            self.value("def setup(): return {}['x']")

    def test_gives_nothing_that_cannot_be_sent(self) -> None:
        with pytest.raises(ConfigError, match="numbers, texts, lists and dicts"):
            self.value("def setup(): return object()")


class TestException:
    SOURCE = """\
        def inner(user):
            return user['id']

        async def run(user):
            inner(user)

        async def start(user):
            assert user == 5
    """

    def raised(self, function: str) -> BaseException:
        module = loaded(self.SOURCE)
        called = module.start if function == "start" else module.tasks[0].function
        assert called is not None
        try:
            asyncio.run(_awaited(called({})))
        except (KeyError, AssertionError) as error:
            return error
        raise RuntimeError("nothing was raised")

    def test_is_told_in_one_line(self) -> None:
        assert one_line(self.raised("run"), "shop.py") == "KeyError: 'id' (shop.py line 2)"

    def test_is_shown_with_the_scenarios_lines_only(self) -> None:
        shown = shown_traceback(self.raised("run"), "shop.py")
        assert "return user['id']" in shown
        assert "test_scenario.py" not in shown

    def test_of_an_assertion_without_a_text_tells_the_line(self) -> None:
        error = self.raised("start")
        assert isinstance(error, AssertionError)
        assert assertion(error, "shop.py") == "assert user == 5"

    def test_of_an_assertion_with_a_text_tells_that(self) -> None:
        assert assertion(AssertionError("too few"), "shop.py") == "too few"


async def _awaited(value: Any) -> Any:
    return await value
