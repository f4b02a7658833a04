"""The examples of deployments: their settings are fine, and their times fit together."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from hedgerow.serve.settings import Settings
from hedgerow.serve.settings.reader import settings_from_text

DEPLOY: Final = Path(__file__).parents[2] / "examples" / "deploy"


def read(path: str) -> str:
    return (DEPLOY / path).read_text(encoding="utf-8")


def manifests() -> dict[str, Any]:
    return {found["kind"]: found for found in yaml.safe_load_all(read("kubernetes/gateway.yaml"))}


def settings() -> dict[str, Settings]:
    texts = {
        "systemd": read("systemd/hedgerow.toml"),
        "compose": read("compose/hedgerow.toml"),
        "kubernetes": manifests()["ConfigMap"]["data"]["hedgerow.toml"],
    }
    return {name: settings_from_text(text) for name, text in texts.items()}


class TestSettings:
    @pytest.mark.parametrize("name", ["systemd", "compose", "kubernetes"])
    def test_are_fine(self, name: str) -> None:
        assert settings()[name].routes

    def test_leave_time_to_drain(self) -> None:
        found = {name: one.server.drain_timeout for name, one in settings().items()}
        unit = re.search(r"TimeoutStopSec=(\d+)", read("systemd/hedgerow.service"))
        assert unit is not None
        assert float(unit[1]) > found["systemd"]
        compose = yaml.safe_load(read("compose/compose.yaml"))["services"]["gateway"]
        assert float(compose["stop_grace_period"].rstrip("s")) > found["compose"]
        pod = manifests()["Deployment"]["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] > found["kubernetes"] + 5


class TestKubernetes:
    def test_probes_ask_the_admin_port(self) -> None:
        [container] = manifests()["Deployment"]["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        admin = settings()["kubernetes"].server.admin
        assert admin is not None
        assert ports["admin"] == int(admin.rpartition(":")[2])
        for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
            assert container[probe]["httpGet"] == {"path": path, "port": "admin"}


class TestSystemd:
    def test_units_are_well_formed(self, tmp_path: Path) -> None:
        if shutil.which("systemd-analyze") is None:
            pytest.skip("systemd-analyze is not installed")
        for name in ("hedgerow.service", "hedgerow.socket"):
            text = read(f"systemd/{name}").replace("/opt/hedgerow/bin/hedgerow", sys.executable)
            (tmp_path / name).write_text(text)
        units = [str(tmp_path / name) for name in ("hedgerow.socket", "hedgerow.service")]
        done = subprocess.run(
            ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
        )
        assert "hedgerow" not in done.stderr, done.stderr


class TestImage:
    def test_runs_without_privileges_and_answers_for_its_health(self) -> None:
        text = (DEPLOY.parents[1] / "Dockerfile").read_text(encoding="utf-8")
        assert re.search(r"^USER [1-9]\d*$", text, re.MULTILINE)
        assert "HEALTHCHECK" in text
        assert 'ENTRYPOINT ["hedgerow"]' in text
