"""A page as a browser's parser takes it apart: elements, ids, tables, text."""

from html.parser import HTMLParser

from typing_extensions import override

Attributes = dict[str, str | None]


class Reading(HTMLParser):
    """What is in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.words: list[str] = []  # of text that is shown
        self.data: list[str] = []  # of scripts
        self.tables: list[list[list[str]]] = []
        self._inside: list[str] = []
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self._inside.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"th", "td"}:
            self.tables[-1][-1].append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag, f"</{tag}> ends another element"

    @override
    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside == "script":
            self.data.append(data)
        elif inside != "style":
            self.words.append(data)
            if {"th", "td"} & set(self._inside):
                self.tables[-1][-1][-1] += data

    @property
    def text(self) -> str:
        """All that is shown, with plain spaces."""
        return " ".join(" ".join(self.words).replace("\N{NO-BREAK SPACE}", " ").split())

    @property
    def ids(self) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get("id"))]

    def all_of(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.elements if name == tag]
