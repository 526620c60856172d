"""Multilingual tokenizers mark the languages of sources and targets, and generation begins with the
language of targets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer, GenerationConfig, MBart50Tokenizer, NllbTokenizer
from transformers.models.mbart.tokenization_mbart import MBartTokenizer

from ftspec.builtin.languages import require_languages, set_languages, start_targets
from ftspec.errors import RunError

WORDS = ("▁a", "▁cat", "▁un", "▁chat")
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
PIECES = [(piece, 0.0) for piece in (*SPECIAL, *WORDS)]

LANGUAGES = {
    "nllb": ("eng_Latn", "fra_Latn"),
    "mbart50": ("en_XX", "fr_XX"),
    "mbart": ("en_XX", "fr_XX"),
}


def make_tokenizer(kind: str) -> Any:
    """A tokenizer of a few words."""
    if kind == "nllb":
        vocab = {piece: at for at, piece in enumerate((*SPECIAL, *WORDS))}
        return NllbTokenizer(vocab=vocab, merges=[])
    return (MBart50Tokenizer if kind == "mbart50" else MBartTokenizer)(vocab=PIECES)


@pytest.fixture(params=LANGUAGES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each family of tokenizers."""
    name: str = request.param
    return name


def test_texts_are_marked_with_their_language(kind: str, tmp_path: Path) -> None:
    tokenizer = make_tokenizer(kind)
    source, target = LANGUAGES[kind]
    set_languages(tokenizer, source, target, ("tokenizer",))
    require_languages(tokenizer)
    tokenizer.save_pretrained(tmp_path)

    for one in (tokenizer, AutoTokenizer.from_pretrained(tmp_path)):
        of_source = one.convert_ids_to_tokens(one(["a cat"])["input_ids"][0])
        of_target = one.convert_ids_to_tokens(one(text_target=["un chat"])["input_ids"][0])
        at = -1 if kind == "mbart" else 0
        assert (of_source[at], of_target[at]) == (source, target)


def test_generation_begins_with_the_language_of_targets(kind: str) -> None:
    tokenizer = make_tokenizer(kind)
    set_languages(tokenizer, *LANGUAGES[kind], ("tokenizer",))
    settings = GenerationConfig(decoder_start_token_id=2)

    start_targets(settings, tokenizer)

    token = tokenizer.convert_tokens_to_ids(LANGUAGES[kind][1])
    expected = (token, None) if kind == "mbart" else (2, token)
    assert (settings.decoder_start_token_id, settings.forced_bos_token_id) == expected


def test_both_languages_are_needed(kind: str) -> None:
    tokenizer = make_tokenizer(kind)
    set_languages(tokenizer, LANGUAGES[kind][0], None, ("tokenizer",))

    with pytest.raises(RunError, match="does not name the language of the targets") as caught:
        require_languages(tokenizer)
    assert caught.value.slug == "languages"


def test_an_unknown_language_is_refused(kind: str) -> None:
    with pytest.raises(RunError, match='has no language "french"') as caught:
        set_languages(make_tokenizer(kind), None, "french", ("tokenizer",))
    assert caught.value.at == ("tokenizer", "tgt_lang")
    assert "it has" in caught.value.helps[-1]
