"""The findings of lint in the first rows of local files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conversations import MESSAGES, TEMPLATE

from ftspec.testing import lint_spec

Write = Callable[..., str]
TALK = [{"role": "user", "content": "a tree?"}, {"role": "assistant", "content": "an elm"}]
CALL = {"type": "function", "function": {"name": "tide", "arguments": "{}"}}
TOOL_TEMPLATE = TEMPLATE + "{# tools #}"


def findings(
    rows: list[dict[str, Any]], tmp_path: Path, write: Write, *arguments: Any, **options: Any
) -> list[tuple[str, str]]:
    """The slug and the headline of each finding."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = write(*arguments, rows=path, **options)
    return [(one.slug, one.headline) for one in lint_spec(text)]


@pytest.mark.parametrize(
    ("value", "slug", "says"),
    [
        ([], "messages", "found an empty list (line 2)"),
        ("what is peat?", "messages", 'found a text that is no JSON "what is peat?" (line 2)'),
        ([TALK[0], {"content": "x"}], "messages", 'has no "role" (line 2)'),
        ([TALK[0], {"role": "assistant", "content": None}], "messages", "(line 2)"),
        ([{"role": "narrator", "content": "x"}], "unknown-role", '"narrator", which is not known'),
    ],
)
def test_the_row_that_cannot_be_read(
    value: Any, slug: str, says: str, tmp_path: Path, write: Write
) -> None:
    rows = [{"messages": TALK}, {"messages": value}, {"messages": value}]
    ((found, headline),) = findings(rows, tmp_path, write, "chat")
    assert found == f"preference/{slug}"
    assert says in headline
    assert findings([{"messages": TALK}], tmp_path, write, "chat") == []


@pytest.mark.parametrize("column", ["tools", "functions", "system", "system_prompt"])
def test_a_column_that_belongs_to_the_conversation(
    column: str, tmp_path: Path, write: Write
) -> None:
    field = "tools" if column in ("tools", "functions") else "system"
    value = [CALL] if field == "tools" else "Be brief."
    rows = [{"messages": TALK}, {"messages": TALK, column: value}]
    ((slug, says),) = findings(rows, tmp_path, write, "chat")
    assert slug == "preference/unread-column"
    assert says == f'the rows have "{column}", which the template leaves out (line 2)'
    filled = f'{MESSAGES}, {field}: "{{{column}}}"'
    options = {"chat_template": TOOL_TEMPLATE}
    assert findings(rows, tmp_path, write, "chat", filled, **options) == []
    empty = [{"messages": TALK, column: ""}]
    assert findings(empty, tmp_path, write, "chat") == []


def test_tools_need_a_template_that_writes_them(tmp_path: Path, write: Write) -> None:
    rows = [{"messages": [TALK[0], {"role": "assistant", "tool_calls": [CALL]}]}]
    ((slug, _),) = findings(rows, tmp_path, write, "chat")
    assert slug == "preference/template-tools"
    assert findings(rows, tmp_path, write, "chat", chat_template=TOOL_TEMPLATE) == []


ALPACA = [
    {"instruction": "Name a river.", "input": "", "output": "The Loire."},
    {"instruction": "Translate.", "input": "the tide", "output": "la marée"},
]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("'{instruction}{?input: \"\\n{input}\"}'", []),
        ('"{instruction}"', ["preference/unread-column"]),
        ('"{instruction}\\n{input}"', ["preference/stray-text"]),
        ('"{input} {instruction}"', ["preference/stray-text"]),
    ],
)
def test_the_columns_of_alpaca(
    prompt: str, expected: list[str], tmp_path: Path, write: Write
) -> None:
    template = f'prompt: {prompt}, completion: "{{output}}"'
    assert [slug for slug, _ in findings(ALPACA, tmp_path, write, "chat", template)] == expected


def test_keys_of_messages_without_effect(tmp_path: Path, write: Write) -> None:
    rows = [{"messages": [{**TALK[0], "mood": "calm"}, {**TALK[1], "weight": 0}]}]
    assert findings(rows, tmp_path, write, "chat") == [
        (
            "preference/idle-message-key",
            'no chat template reads "mood" of messages, so it has no effect',
        )
    ]


def test_pairs_with_and_without_a_prompt(tmp_path: Path, write: Write) -> None:
    without = 'chosen: "{chosen}", rejected: "{rejected}"'
    both = {"chosen": TALK, "rejected": [TALK[0], {**TALK[1], "content": "a brick"}]}
    texts = {"chosen": "an elm", "rejected": "a brick"}
    assert findings([both], tmp_path, write, "preference", without) == []
    ((slug, says),) = findings([both, texts], tmp_path, write, "preference", without)
    assert slug == "preference/messages"
    assert says.startswith("there is no prompt")
    assert says.endswith("(line 2)")
    asked = [{"prompt": "a tree?", **texts}]
    assert findings(asked, tmp_path, write, "preference") == []


def test_names_of_templates(tmp_path: Path, write: Write) -> None:
    at = f'chat_template_file: "{tmp_path}/template.jinja"'
    text = write("chat").replace(at, "chat_template: chatlm")
    (found,) = lint_spec(text)
    assert found.slug == "preference/unknown-template"
    assert 'did you mean "chatml"?' in found.helps
    assert lint_spec(text.replace("chatlm", "chatml")) == ()
