"""Text fields."""

from __future__ import annotations

from typing import Any

import pytest

from ftspec.api import RunError
from ftspec.texts import checked_texts


def test_texts_pass() -> None:
    texts = ["", "a", "বাংলা"]
    assert checked_texts(texts, "text") is texts


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, "nothing"),
        (3, "a value of type int"),
        (["a"], "a value of type list"),
        ({"en": "a"}, "a value of type dict"),
    ],
)
def test_anything_else(value: Any, found: str) -> None:
    with pytest.raises(RunError) as caught:
        checked_texts(["a", value], "source")
    assert caught.value.slug == "field-type"
    assert caught.value.at == ("preprocess", "template", "source")
    assert caught.value.headline == f'the field "source" must be text, and a row has {found}'


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "drop rows without text"),
        (3, 'a single space is enough: "{column} "'),
        (["a"], '"{column[0]}"'),
        ({"en": "a"}, '"{column:json}"'),
    ],
)
def test_the_help_is_one_that_works(value: Any, says: str) -> None:
    with pytest.raises(RunError) as caught:
        checked_texts([value], "source")
    assert says in caught.value.helps[0]


def test_half_of_a_character() -> None:
    with pytest.raises(RunError, match="lone surrogate") as caught:
        checked_texts(["a", "b\ud83d"], "text")
    assert "text 2" in caught.value.headline
