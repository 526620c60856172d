"""`ftspec predict` on the training file gives what a script gives that uses only transformers and
the standard library: the saved model, plain AutoClasses, one row at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from ftspec.testing.commands import output_of
from tests.architectures.weights import scale_weights
from tests.engine import tiny
from tests.engine.odd_texts import (
    CODES,
    RATINGS,
    TEXTS,
    read_lines,
    read_separated,
    write_lines,
    write_separated,
)
from tests.engine.running import Engine
from tests.hub import prose

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: by-hand
data: {source: {type: %(source)s, files: "%(file)s"}}
preprocess:
  template:
%(template)s
tokenizer: {max_length: %(longest)s, max_target_length: %(longest_target)s}
model: {checkpoint: "%(model)s"}
task: {%(task)s}
training:
  max_steps: 2
  per_device_train_batch_size: 4
  learning_rate: 1e-3
  save_strategy: "no"
performance: {precision: fp32, batching: padded}
metrics: []
"""
SOURCES = {".jsonl": "json", ".tsv": "csv", ".csv": 'csv, delimiter: ";"'}
LONGEST, LONGEST_TARGET = 40, 12
KINDS = ("01", "1", "None")
TRAITS = ("new", "007", 'a "b"')


def with_large_weights(source: Path, folder: Path, auto_class: Any) -> Path:
    """A model whose answers depend on every token."""
    model = auto_class.from_pretrained(source)
    scale_weights(model)
    model.config.initializer_range = 0.3  # of a head
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT that knows the pieces of the odd texts."""
    folder = tmp_path_factory.mktemp("encoder")
    known = [row["text"] for row in prose.glosses("train")[:200]]
    bert = tiny.build_bert(folder / "small", [*known, *TEXTS, *CODES] * 2)
    return with_large_weights(bert, folder / "model", AutoModel)


@pytest.fixture(scope="module")
def encoder_decoder(t5: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5."""
    folder = tmp_path_factory.mktemp("encoder_decoder") / "model"
    return with_large_weights(t5, folder, AutoModelForSeq2SeqLM)


@pytest.fixture(scope="module")
def decoder(gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2."""
    folder = tmp_path_factory.mktemp("decoder") / "model"
    return with_large_weights(gpt2, folder, AutoModelForCausalLM)


def predicted(
    engine: Engine, model: Path, file: Path, task: str, **template: str
) -> tuple[Path, list[dict[str, Any]]]:
    """The saved model of a run of two steps on the file, and its predictions for this file."""
    spec = SPEC % {
        "source": SOURCES[file.suffix],
        "file": file,
        # a JSON text is a YAML text
        "template": "\n".join(f"    {name}: {json.dumps(template[name])}" for name in template),
        "longest": LONGEST,
        "longest_target": LONGEST_TARGET,
        "model": model,
        "task": task,
    }
    run_dir = engine.execute(spec).run_dir
    printed = output_of("predict", run_dir.path, "--file", file, "--format", "json")
    return run_dir.model, [json.loads(line) for line in printed.splitlines()]


@torch.inference_mode()
def classify(folder: Path, inputs: Sequence[tuple[str, ...]]) -> tuple[list[torch.Tensor], Any]:
    """The logits of each text or pair, and the names of classes."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    logits = []
    for texts in inputs:
        encoded = tokenizer(*texts, truncation=True, max_length=LONGEST, return_tensors="pt")
        logits.append(model(**encoded).logits[0])
    return logits, model.config.id2label


@torch.inference_mode()
def write_targets(folder: Path, sources: Sequence[str]) -> list[str]:
    """What an encoder-decoder generates for each source, with the settings saved with it."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(folder)
    targets = []
    for source in sources:
        encoded = tokenizer(source, truncation=True, max_length=LONGEST, return_tensors="pt")
        ids = model.generate(**encoded)[0]
        targets += tokenizer.batch_decode([ids], skip_special_tokens=True)
    return [target.strip() for target in targets]


@torch.inference_mode()
def write_further(folder: Path, prompts: Sequence[str]) -> list[str]:
    """How a decoder continues each prompt, whose end it reads."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    texts = []
    for prompt in prompts:
        encoded = tokenizer(prompt, return_tensors="pt")
        ids = encoded["input_ids"][:, -LONGEST:]
        whole = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, pad_token_id=0
        )
        texts += tokenizer.batch_decode(whole[:, ids.shape[1] :], skip_special_tokens=True)
    return texts


def named(names: Mapping[int, str], scores: torch.Tensor) -> Any:
    """The scores by name."""
    by_name = {names[index]: float(score) for index, score in enumerate(scores)}
    return pytest.approx(by_name, abs=1e-4)


def assert_distinct(answers: Sequence[object]) -> None:
    """Require answers that depend on the text: equal ones would prove nothing."""
    assert len(set(map(str, answers))) > len(answers) / 2


def test_single_label(engine: Engine, encoder: Path, tmp_path: Path) -> None:
    rows = [
        {"code": CODES[at % len(CODES)], "text": text, "kind": KINDS[at % len(KINDS)]}
        for at, text in enumerate(TEXTS)
    ]
    file = write_separated(tmp_path / "rows.csv", rows, ";")
    folder, given = predicted(
        engine, encoder, file, "type: text-classification", text="{code}: {text}", label="{kind}"
    )

    read = read_separated(file, ";")
    logits, names = classify(folder, [(f"{row['code']}: {row['text']}",) for row in read])
    assert set(names.values()) == {row["kind"] for row in read}
    for one, row in zip(given, logits, strict=True):
        assert one["label"] == names[int(row.argmax())]
        assert one["scores"] == named(names, row.softmax(-1))
        assert one["score"] == pytest.approx(float(row.softmax(-1).max()), abs=1e-4)
    assert_distinct([f"{one['score']:.3f}" for one in given])


def test_several_labels(engine: Engine, encoder: Path, tmp_path: Path) -> None:
    rows = [
        {"text": text, "traits": [name for bit, name in enumerate(TRAITS) if at >> bit & 1]}
        for at, text in enumerate(TEXTS)
    ]
    file = write_lines(tmp_path / "rows.jsonl", rows)
    task = "type: text-classification, problem: multi-label"
    folder, given = predicted(engine, encoder, file, task, text="{text}", label="{traits}")

    logits, names = classify(folder, [(row["text"],) for row in read_lines(file)])
    assert set(names.values()) == set(TRAITS)
    for one, row in zip(given, logits, strict=True):
        scores = row.sigmoid()
        assert one["labels"] == [names[at] for at, score in enumerate(scores) if score >= 0.5]
        assert one["scores"] == named(names, scores)
    assert_distinct([[f"{score:.3f}" for score in one["scores"].values()] for one in given])


def test_numbers(engine: Engine, encoder: Path, tmp_path: Path) -> None:
    rows = [
        {"text": text, "code": CODES[at % 3], "rating": f"{RATINGS[at % len(RATINGS)]:.3f}"}
        for at, text in enumerate(TEXTS)
    ]
    file = write_separated(tmp_path / "rows.tsv", rows, "\t")
    folder, given = predicted(
        engine,
        encoder,
        file,
        "type: text-classification, problem: regression",
        text="{text}",
        text_pair="{code}",
        label="{rating}",
    )

    read = read_separated(file, "\t")
    logits, _ = classify(folder, [(row["text"], row["code"]) for row in read])
    values = [one["value"] for one in given]
    assert values == pytest.approx([float(row[0]) for row in logits], abs=1e-4)
    assert_distinct([f"{value:.3f}" for value in values])


def test_summarization(engine: Engine, encoder_decoder: Path, tmp_path: Path) -> None:
    rows = [
        {"text": text, "hint": ("", "None", 'a "hint"')[at % 3], "short": text[:20]}
        for at, text in enumerate(TEXTS)
    ]
    file = write_separated(tmp_path / "rows.csv", rows, ";")
    folder, given = predicted(
        engine,
        encoder_decoder,
        file,
        "type: summarization, num_beams: 2",
        source='summarize{?hint: " ({hint})"}: {text}',
        target="{short}",
    )

    sources = [
        f"summarize ({row['hint']}): {row['text']}" if row["hint"] else f"summarize: {row['text']}"
        for row in read_separated(file, ";")
    ]
    assert [one["text"] for one in given] == write_targets(folder, sources)
    assert_distinct(given)


def test_translation(engine: Engine, encoder_decoder: Path, tmp_path: Path) -> None:
    rows = [
        {"id": at / 2, "translation": {"en": text, "fr": TEXTS[-1 - at]}}
        for at, text in enumerate(TEXTS)
    ]
    file = write_lines(tmp_path / "rows.jsonl", rows)
    folder, given = predicted(
        engine,
        encoder_decoder,
        file,
        "type: translation",
        source="{id} {{en}} {translation.en}",
        target="{translation.fr}",
    )

    sources = [f"{row['id']} {{en}} {row['translation']['en']}" for row in read_lines(file)]
    assert [one["text"] for one in given] == write_targets(folder, sources)
    assert_distinct(given)


def test_text_generation(engine: Engine, decoder: Path, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "rows.jsonl", [{"text": text} for text in TEXTS])
    task = "type: text-generation, max_new_tokens: 8, packing: false"
    folder, given = predicted(engine, decoder, file, task, text="{text}")

    prompts = [row["text"] for row in read_lines(file)]
    assert [one["prompt"] for one in given] == prompts
    assert [one["text"] for one in given] == write_further(folder, prompts)
    assert_distinct([one["text"] for one in given])
