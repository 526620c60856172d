"""Text of a spec is text in Markdown, whatever it looks like."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from ftspec.markdown import code, fenced, plain

TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "[x]: https://evil.example\n[x]",
    "a | b\n|---|---|\n| c | d |",
    "# heading",
    "- item",
    "1. item",
    "2) item",
    "=====",
    "---\ntitle: x\n---",
    "```\ncode",
    "`code` ``code``",
    "**bold** ~~gone~~",
    "&lt;script&gt; &#60;script>",
    "a\\<b>",
    "\\[x](y)",
    "<https://evil.example>",
]
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.mark.parametrize("text", TEXTS)
def test_text_stays_text(text: str) -> None:
    tokens = PARSER.parse(plain(text))
    assert [one.type for one in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {one.type for one in children} <= {"text", "text_special"}
    assert "".join(one.content for one in children) == " ".join(text.split())


@pytest.mark.parametrize("text", TEXTS)
def test_cell_of_a_table(text: str) -> None:
    html = PARSER.render(f"| a | b |\n|---|---|\n| {plain(text)} | 1 |")
    assert set(re.findall(r"</?(\w+)", html)) == {"table", "thead", "tbody", "tr", "th", "td"}
    assert html.count("<td>") == 2


@pytest.mark.parametrize("text", TEXTS)
def test_code_stays_code(text: str) -> None:
    (_, inline, _) = PARSER.parse(f"a {code(text)}")
    assert [one.type for one in inline.children or []] == ["text", "code_inline"]
    (block,) = PARSER.parse(fenced(text, "yaml"))
    assert (block.type, block.content) == ("fence", text + "\n")
