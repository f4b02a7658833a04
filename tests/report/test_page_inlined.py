"""The style sheet and scripts of a page."""

import base64
import hashlib

from hedgerow.report.page.inlined import policy, scripts, styles
from tests.report.reading import Reading


class TestScripts:
    def test_bring_uplot_with_its_licence(self) -> None:
        first = scripts()[0]
        assert "uPlot (v1.6.32)" in first
        assert "Permission is hereby granted" in first

    def test_are_the_only_ones_that_the_page_lets_run(self) -> None:
        allowed = Reading(policy()).all_of("meta")[0]["content"]
        assert allowed is not None
        for script in scripts():
            digest = hashlib.sha256(Reading(script).data[0].encode()).digest()
            assert base64.b64encode(digest).decode() in allowed
        assert "script-src 'sha256-" in allowed
        assert "default-src 'none'" in allowed

    def test_are_not_ended_by_their_own_text(self) -> None:
        assert all(script.count("</script") == 1 for script in scripts())


class TestStyles:
    def test_fetch_nothing(self) -> None:
        assert "url(" not in styles()
        assert "@import" not in styles()
