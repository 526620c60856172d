"""Conversations in the shapes that public data sets have, read as messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ftspec_preference.message_reader import MessageReader
from ftspec_preference.messages import LEARNED

from ftspec.api import RunError

TALK = [{"role": "user", "content": "a tree?"}, {"role": "assistant", "content": "an elm"}]


@pytest.mark.parametrize(
    "value",
    [
        TALK,
        [{"from": "human", "value": "a tree?"}, {"from": "gpt", "value": "an elm"}],
        [{"role": "User", "text": "a tree?"}, {"role": "model", "parts": [{"text": "an elm"}]}],
        [
            {"role": one["role"], "content": [{"type": "text", "text": one["content"]}]}
            for one in TALK
        ],
        json.dumps(TALK),
        str(TALK),  # as pandas writes it to a CSV file
        [{**one, "name": None, "tool_calls": None} for one in TALK],  # a column of structs
    ],
    ids=["openai", "sharegpt", "gemini", "parts", "json", "python", "structs"],
)
def test_shapes_are_the_same_messages(value: Any) -> None:
    assert MessageReader().read(value, "messages") == TALK


def test_one_message_is_a_conversation() -> None:
    read = MessageReader().read
    assert read({"from": "gpt", "value": "an elm"}, "chosen", "assistant") == TALK[1:]
    assert read("an elm", "chosen", "assistant") == TALK[1:]
    assert read('["an", "elm"]', "chosen", "assistant")[0]["content"] == '["an", "elm"]'


def test_roles_of_ones_own() -> None:
    reader = MessageReader({"narrator": "user", "Elm": "assistant", "ipython": "ipython"})
    roles = ("narrator", "Elm", "ipython")
    read = reader.read([{"role": role, "content": "x"} for role in roles], "messages")
    assert [one["role"] for one in read] == ["user", "assistant", "ipython"]
    with pytest.raises(RunError, match='the role "Narator", which is not known') as caught:
        MessageReader({"narrator": "user"}).read([{"role": "Narator", "content": "x"}], "messages")
    assert caught.value.slug == "preference/unknown-role"
    assert 'did you mean "narrator"?' in caught.value.helps


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "must be a list of messages, found an empty list"),
        (None, "must be a list of messages, found nothing"),
        (3, 'must be a list of messages, found "3"'),
        ("what is peat?", 'a text that is no JSON "what is peat'),
        ("[{'role': 'user'", "a text that is no JSON"),
        ({"turns": TALK}, 'found a mapping with "turns"'),
        (["hi", "hello"], 'found a list with "hi"'),
        ([["hi", "hello"]], "found a list with"),
        ([*TALK, {"content": "x"}], 'message 3 of the field "messages" has no "role"'),
        ([*TALK, {"role": 3, "content": "x"}], 'message 3 .* has the role "3"'),
        ([TALK[0], {"role": "assistant", "content": None}], "message 2 .* calls no tool"),
        ([TALK[0], {"role": "assistant"}], "message 2 .* calls no tool"),
        ([{"role": "user", "content": 7}], 'has the content "7", which is not a text'),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}],
            'has a part of the type "image_url"; only parts of text',
        ),
        ([{**TALK[1], "weight": 0.5}], 'has "weight: 0.5"; only 0 and 1'),
        ([{**TALK[1], "train": "no"}], 'has "train: no"; only true and false'),
        ([{"from": "function_call", "value": "call it"}], '"call it" is not JSON'),
    ],
)
def test_what_cannot_be_read_is_named(value: Any, says: str) -> None:
    with pytest.raises(RunError, match=says) as caught:
        MessageReader().read(value, "messages")
    assert caught.value.slug == "preference/messages"
    assert caught.value.at == ("preprocess", "template", "messages")


@pytest.mark.parametrize(
    ("marks", "learned"),
    [
        ({"train": False}, False),
        ({"weight": 0}, False),
        ({"weight": 0.0, "train": True}, False),
        ({"train": True}, True),
        ({"weight": 1}, True),
        ({"train": None, "weight": None}, True),
    ],
)
def test_marks_of_answers(marks: dict[str, Any], learned: bool) -> None:
    reader = MessageReader()
    _, answer = reader.read([TALK[0], {**TALK[1], **marks}], "messages")
    assert answer.get(LEARNED, True) is learned
    assert not {"train", "weight"} & answer.keys()
    assert ("not to be learned" in reader.shapes["messages"].describe()) is not learned


def test_shape_is_described() -> None:
    reader = MessageReader()
    reader.read([{"from": "human", "value": "x"}, {"from": "gpt", "value": "y"}], "messages")
    assert reader.shapes["messages"].describe() == (
        'messages with "from" and "value" ("human" is user, "gpt" is assistant)'
    )


def test_keys_without_effect_are_named() -> None:
    reader = MessageReader()
    reader.read([{**TALK[0], "mood": "calm", "train": True}, {**TALK[1], "name": "x"}], "messages")
    shape = reader.shapes["messages"]
    assert list(shape.remarks("{{ message.content }}")) == [
        'warning: no chat template reads "mood" of messages, so it has no effect',
        'warning: "train" or "weight" of a message that is no answer has no effect',
    ]
    assert len(list(shape.remarks("{{ message.mood }}"))) == 1


CALL = {"type": "function", "function": {"name": "tide", "arguments": {"port": "Brest"}}}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {
            "role": "assistant",
            "tool_calls": [{"function": {"name": "tide", "arguments": '{"port": "Brest"}'}}],
        },
        {"role": "assistant", "function_call": {"name": "tide", "arguments": '{"port": "Brest"}'}},
        {"from": "function_call", "value": '{"name": "tide", "arguments": {"port": "Brest"}}'},
        {
            "role": "assistant",
            "name": None,  # a column of structs, and the arguments of another tool
            "tool_calls": [
                {"function": {"name": "tide", "arguments": {"port": "Brest", "city": None}}}
            ],
        },
    ],
    ids=["openai", "json", "old-openai", "sharegpt", "structs"],
)
def test_calls_of_tools(message: dict[str, Any]) -> None:
    (read,) = MessageReader().read([message], "messages")
    assert read == {"role": "assistant", "content": None, "tool_calls": [CALL]}


def test_arguments_may_be_null() -> None:
    call = {"function": {"name": "tide", "arguments": '{"port": null}'}}
    (read,) = MessageReader().read([{"role": "assistant", "tool_calls": [call]}], "messages")
    assert read["tool_calls"][0]["function"]["arguments"] == {"port": None}
