"""The page in a real browser: charts are drawn, nothing fails, nothing is fetched."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hedgerow.report.find_document import Scalability
from hedgerow.report.page import find_page, page
from tests.report.documents import document, empty
from tests.report.find_documents import varied
from tests.report.reading import Reading

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr", "--log-level=0",
)  # fmt: skip

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on the path")


#: Presses every button that changes what is drawn, and sorts a table.
CLICKS = """<script>
for (const button of document.querySelectorAll(".tools button, #theme")) button.click();
document.querySelectorAll("#side-by-side th button")[4].click();
</script></body>"""


def opened(html: str, folder: Path) -> tuple[Reading, str]:
    """The page after its scripts have run, and what the browser logged."""
    file = folder / "page.html"
    file.write_text(html, encoding="utf-8")
    result = subprocess.run(
        [str(BROWSER), *QUIET, f"--user-data-dir={folder / 'profile'}", "--dump-dom",
         file.as_uri()],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    return Reading(re.sub(r"(?i)^<!doctype html>", "", result.stdout)), result.stderr


def assert_drawn(read: Reading, log: str, *, charts: int) -> None:
    root = read.all_of("html")[0]
    assert root.get("data-error") is None
    assert "CONSOLE" not in log
    assert (root["data-ready"], root["data-loaded"]) == ("true", "0")
    canvases = read.all_of("canvas")
    assert len(canvases) == charts
    assert all(canvas["aria-label"] and canvas["role"] == "img" for canvas in canvases)


class TestPage:
    def test_of_one_run_draws_every_chart_and_fetches_nothing(self, tmp_path: Path) -> None:
        read, log = opened(page([document()]), tmp_path)
        places = [place for place in read.all_of("div") if "data-chart" in place]
        assert_drawn(read, log, charts=len(places))
        assert len(places) == 12

    def test_of_several_runs_does_what_its_buttons_say(self, tmp_path: Path) -> None:
        html = page([document(name="a"), document(name="b", rate=150.0), empty()])
        free = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
        read, log = opened(free.replace("</body>", CLICKS), tmp_path)
        assert_drawn(read, log, charts=9)
        assert read.all_of("html")[0]["data-theme"] in {"light", "dark"}
        sorted_by_rate = next(table for table in read.tables if table[0][0] == "Run")
        assert [row[0] for row in sorted_by_rate[1:3]] == ["b", "a"]
        pressed = [b for b in read.all_of("button") if b.get("aria-pressed") == "true"]
        assert len(pressed) == 6  # one choice of each of two charts, and four logarithms

    def test_of_searches_draws_every_curve(self, tmp_path: Path) -> None:
        law = Scalability(lam=100, sigma=0.1, kappa=0.01, r2=0.99, peak_n=9.5, peak_x=321.0)
        read, log = opened(find_page(varied(law, "1", "2", "4")), tmp_path)
        assert_drawn(read, log, charts=7)
