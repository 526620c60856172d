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
