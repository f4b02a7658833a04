"""What goes with a plan: promises, a cluster, and the plan in a reader's words."""

from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.load_flags import JudgingFlags, LoadFlags, LoadShape, MachineFlags, OutputFlags
from hedgerow.cli.load_order import command, config_of, order_of, with_seed
from hedgerow.cli.load_plan import Target, plan_of
from hedgerow.errors import ConfigError
from hedgerow.load.order import Order
from hedgerow.load.scenario.options import ScenarioDefaults
from hedgerow.report.document import Config

URL = "http://a.example/"


def order(target: Target | None = None, **flags: Any) -> Order:
    target, given = target or Target(URL), LoadFlags(**flags)
    return order_of(target, given, plan_of(target, given), ["load", target.text])


def config(**shape: Any) -> Config:
    return config_of(plan_of(Target(URL), LoadFlags(shape=LoadShape(**shape))), "")


class TestPromises:
    def test_are_those_of_flags(self) -> None:
        judging = JudgingFlags(slo=("p99<1s", "errors<1%"), abort_on_fail=True)
        made = order(judging=judging)
        assert [slo.expr for slo in made.slos] == ["p99<1s", "errors<1%"]
        assert made.abort_on_fail

    def test_of_flags_replace_those_of_a_scenario(self) -> None:
        target = Target(URL, options=ScenarioDefaults(slo=("rps>5",), abort_on_fail=True))
        assert [slo.expr for slo in order(target).slos] == ["rps>5"]
        assert order(target).abort_on_fail
        flags = JudgingFlags(slo=("p99<1s",))
        assert [slo.expr for slo in order(target, judging=flags).slos] == ["p99<1s"]


class TestTarget:
    def test_is_shown_without_a_password(self) -> None:
        assert "secret" not in order(Target("http://me:secret@a.example/")).target


class TestOutput:
    def test_of_every_request_needs_its_samples(self) -> None:
        made = order(output=OutputFlags(jtl="x.jtl", name="before"))
        assert (made.jtl, made.plan.keeps_samples) == (Path("x.jtl"), True)
        assert made.name == "before"
        assert not order().plan.keeps_samples

    def test_of_every_request_is_not_for_a_cluster(self) -> None:
        with pytest.raises(ConfigError, match=r"--jtl .* --hdr or --csv"):
            order(output=OutputFlags(jtl="x.jtl"), machine=MachineFlags(cluster="dask://h:1"))


class TestCluster:
    def test_is_local_or_a_scheduler(self) -> None:
        assert order().cluster == "local"
        assert order(machine=MachineFlags(cluster="dask://h:1")).cluster == "dask://h:1"

    def test_takes_three_files_for_tls(self, tmp_path: Path) -> None:
        files = [str(tmp_path / name) for name in ("ca", "cert", "key")]
        for name in files:
            Path(name).touch()
        machine = MachineFlags(cluster="dask://h:1", cluster_tls=",".join(files))
        assert order(machine=machine).cluster_tls == tuple(files)

    @pytest.mark.parametrize("text", ["ca,cert", "nowhere,nowhere,nowhere"])
    def test_refuses_fewer(self, text: str) -> None:
        with pytest.raises(ConfigError, match="--cluster-tls"):
            order(machine=MachineFlags(cluster="dask://h:1", cluster_tls=text))


class TestConfig:
    def test_of_users_says_how_many_and_when(self) -> None:
        told = config(users="100", ramp_up="30s", iterations="5", think="1s..3s")
        assert (told.model, told.users, told.ramp_up_s, told.iterations) == ("closed", 100, 30.0, 5)
        assert told.think_time == "1s..3s"

    def test_of_a_rate_says_it_as_it_was_asked(self) -> None:
        told = config(rate="100:500", duration="20s")
        assert (told.model, told.rate, told.arrivals) == ("open", "100:500", "even")
        assert told.users is None

    def test_of_stages_lists_them(self) -> None:
        assert config(stages=("30s:100", "5s:0")).stages == "30s:100 5s:0"
        assert config(stages=("30s:100/s", "5s:0/s")).stages == "30s:100/s 5s:0/s"


class TestCommand:
    def test_can_be_repeated(self) -> None:
        assert command(["load", "http://a/?x=1&y", "-b", "it's"]) == (
            """hedgerow load 'http://a/?x=1&y' -b 'it'"'"'s'"""
        )

    @pytest.mark.parametrize(
        "words",
        [
            ["-a", "me:hidden"],
            ["-ame:hidden"],
            ["--auth=me:hidden"],
            ["-H", "Authorization: hidden"],
            ["-HCookie: hidden"],
            ["--header=X-Api-Key: hidden"],
            ["http://me:hidden@a.example/"],
        ],
    )
    def test_has_no_secrets_in_it(self, words: list[str]) -> None:
        shown = command(["load", *words])
        assert "hidden" not in shown
        assert "***" in shown

    @pytest.mark.parametrize(
        "words",
        [
            ["-H", "Accept: text/html"],
            ["-H", "X-Token: {uuid}"],
            ["--arrivals", "poisson"],
            ["http://a.example:80/"],
            ["--", "server", "-a", "0.0.0.0:80"],
        ],
    )
    def test_has_everything_else(self, words: list[str]) -> None:
        assert "***" not in command(words)


class TestSeedThatWasDrawn:
    def test_stands_in_the_command_that_repeats_the_run(self) -> None:
        assert with_seed(("load", "URL"), 7) == ("load", "URL", "--seed", "7")

    def test_stands_before_the_servers_own_words(self) -> None:
        words = ("load", "URL", "--", "app", "--seed", "1")
        assert with_seed(words, 7) == ("load", "URL", "--seed", "7", "--", "app", "--seed", "1")
