import asyncio
import sys
from typing import Any

import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.batch import Sample
from hedgerow.load.channel import Assignment
from hedgerow.load.crew import Crew, LocalCrew
from hedgerow.load.muster import crew_for
from hedgerow.load.order import Order
from hedgerow.load.plan import Share
from tests.load.cluster.frames import PLAN

HERE = ("cluster.crew", "cluster.connection", "cluster.survey", "cluster.task")


def crew(*, hears: bool = False, **order: Any) -> Crew:
    samples: list[Sample] = []
    heard = samples.append if hears else None
    assignment = Assignment(plan=PLAN, share=Share())
    return crew_for(Order(plan=PLAN, **order), assignment, lambda _: None, heard)


class TestOrderForThisMachine:
    def test_needs_no_dask(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "distributed", None)
        made = crew(hears=True)
        asyncio.run(made.close())
        assert isinstance(made, LocalCrew)


class TestOrderForACluster:
    def test_names_the_extra_that_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "distributed", None)
        for name in HERE:
            monkeypatch.delitem(sys.modules, f"hedgerow.load.{name}", raising=False)
        with pytest.raises(ConfigError, match=r"pip install 'hedgerow\[cluster\]'"):
            crew(cluster="dask://a:8786")

    def test_wants_certificates_for_tls(self) -> None:
        with pytest.raises(ConfigError, match="--cluster-tls"):
            crew(cluster="tls://a:8786")

    def test_wants_an_address(self) -> None:
        with pytest.raises(ConfigError, match="dask://host:8786"):
            crew(cluster="dask://a")
