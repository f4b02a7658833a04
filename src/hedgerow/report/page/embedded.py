"""The results themselves, inside the page: what ``report.document`` reads back.

A script element ends at the first ``</script``, whatever stands around it, and counts
``<!--<script`` as its own beginning; so neither may come to stand in the JSON.
"""

from collections.abc import Sequence

import msgspec

from hedgerow.report.document import Document
from hedgerow.report.page.markup import Html, tag


def json_script(value: object, **attributes: str) -> Html:
    """A script element of data."""
    text = msgspec.json.encode(value).decode()
    safe = text.replace("</", "<\\/").replace("<!--", "\\u003c!--")
    return tag("script", Html(safe), type="application/json", **attributes)


def results(documents: Sequence[Document]) -> list[Html]:
    """One element a result."""
    if len(documents) == 1:
        return [json_script(documents[0], id="result")]
    return [json_script(document, class_="result") for document in documents]
