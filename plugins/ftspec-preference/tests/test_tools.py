"""The tools of a row, in the shapes that public data sets have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ftspec_preference.message_reader import read_tools

from ftspec.api import RunError

SCHEMA = {"type": "object", "properties": {"port": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "tide", "parameters": SCHEMA}}


@pytest.mark.parametrize(
    "value",
    [
        [TOOL],
        TOOL,
        json.dumps([TOOL]),
        [TOOL["function"]],
        [{"type": "function", "function": {"name": "tide", "parameters": json.dumps(SCHEMA)}}],
        [
            {
                "type": "function",
                "function": {
                    "name": "tide",
                    "parameters": {
                        "type": "object",
                        "properties": {"port": {"type": "string"}, "city": None},
                    },
                },
            }
        ],
    ],
    ids=["list", "one", "json", "bare", "schema-as-json", "structs"],
)
def test_tools_of_a_row(value: Any) -> None:
    assert read_tools(value) == [TOOL]


@pytest.mark.parametrize("value", [None, [], "", "[]", " "])
def test_no_tools(value: Any) -> None:
    assert read_tools(value) is None


@pytest.mark.parametrize("value", [["tide"], "tide", 3])
def test_what_is_no_tool(value: Any) -> None:
    with pytest.raises(RunError, match='the field "tools" cannot be read') as caught:
        read_tools(value)
    assert caught.value.at == ("preprocess", "template", "tools")
