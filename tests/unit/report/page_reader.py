"""Reads a page as a browser or a screen reader does."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

_VOID = ("meta", "path")  # the tags that nothing closes, and those of SVG that close themselves


class PageReader(HTMLParser):
    """The tags of a page, its headings and its tables.

    Attributes:
        tags: every tag with its attributes.
        open: the tags that are not closed.
        headings: level and text of each.
        tables: the rows of the cells of each table, by its caption.
        text: everything that is read.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self._since: list[tuple[str, int]] = []
        self._rows: list[list[str]] = []
        self._caption = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)
            self._since.append((tag, len(self.text)))
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self.open.pop() == tag
        _, since = self._since.pop()
        read = " ".join(self.text[since:].split())
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdecimal():
            self.headings.append((int(tag[1]), read))
        if tag in ("td", "th"):
            self._rows[-1].append(read)
        if tag == "caption":
            self._caption = read
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str) -> list[dict[str, Any]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]
