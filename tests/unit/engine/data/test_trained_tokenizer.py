"""The texts that a tokenizer is trained on."""

from __future__ import annotations

from ftspec.engine.data.trained_tokenizer import texts_in


def test_texts_are_found_in_values_of_any_shape() -> None:
    conversation = [
        {"role": "user", "content": "hi", "n": 1},
        {"role": "assistant", "parts": ["x"]},
    ]
    assert list(texts_in([conversation, "y", None])) == ["user", "hi", "assistant", "x", "y"]
