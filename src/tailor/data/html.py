"""HTML as Markdown, so that its headings survive."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Elements that begin and end a paragraph.
_BLOCKS = (
    "address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr ul"
)


def html_to_markdown(html: str) -> tuple[str, str]:
    """The readable text of a page with `#` headings and `-` lists, and its <title>.

    Raises:
        AssertionError: broken `<![...]>` markup.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text(), " ".join("".join(reader.title).split())


class _Reader(HTMLParser):
    HIDDEN = frozenset({"script", "style", "template", "noscript", "svg"})
    BLOCKS = frozenset(_BLOCKS.split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[list[str]] = [[]]
        self.title: list[str] = []
        self.hidden = 0
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the contract
        self.hidden += tag in self.HIDDEN
        self.in_title = self.in_title or tag == "title"
        if tag in self.BLOCKS:
            self.blocks.append([])
        if tag in ("br", "td", "th"):
            self.blocks[-1].append(" ")
        if re.fullmatch("h[1-6]", tag):
            self.blocks[-1].append("#" * int(tag[1]) + " ")
        elif tag == "li":
            self.blocks[-1].append("- ")

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(0, self.hidden - (tag in self.HIDDEN))
        self.in_title = self.in_title and tag != "title"
        if tag in self.BLOCKS:
            self.blocks.append([])

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.title.append(data)
        elif not self.hidden:
            self.blocks[-1].append(data)

    def text(self) -> str:
        lines = (" ".join("".join(block).split()) for block in self.blocks)
        return "\n\n".join(line for line in lines if line.strip("#- ")) + "\n"
