"""Whole specs, generated: every task over small local files, models of random weights, and any of
the keys that go with them, whether they fit together or not.

Left out is what no lint can know: values that only the data show (a label that one row has) and
packages that are not installed (optimizers of bitsandbytes), and what loading a tokenizer shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
from hypothesis import strategies as st

from tests.engine import rows

Spec = dict[str, Any]
Specs = st.SearchStrategy[Spec]

_ALL = ("text", "topic", "traits", "words", "next", "agree", "deep")
_FLAT = tuple(name for name in _ALL if name not in ("traits", "deep"))


class Files:
    """The same rows in every format."""

    def __init__(self, folder: Path, models: Mapping[str, Path]) -> None:
        self.folder = folder
        self.models = {name: str(path) for name, path in models.items()}
        table = [{**row, "deep": {"text": row["text"]}} for row in rows.glosses(48)]
        flat = [{name: row[name] for name in _FLAT} for row in table]
        rows.write_rows(folder / "rows.jsonl", table)
        rows.write_rows(folder / "more.jsonl", table[:20])
        (folder / "array.json").write_text(json.dumps(table), encoding="utf-8")
        (folder / "below.json").write_text(json.dumps({"rows": table}), encoding="utf-8")
        texts = "\n\n".join(row["text"] for row in table)
        (folder / "lines.txt").write_text(texts, encoding="utf-8")
        datasets.Dataset.from_list(table).to_parquet(folder / "rows.parquet")
        datasets.Dataset.from_list(flat).to_csv(folder / "rows.csv")
        datasets.Dataset.from_list(flat).to_csv(folder / "rows.tsv", sep="\t", header=False)
        datasets.Dataset.from_list(table).save_to_disk(folder / "disk")

    def path(self, name: str) -> str:
        """The absolute path of a file."""
        return str(self.folder / name)


def specs(files: Files) -> Specs:
    """Specs of which most are sound."""
    return st.sampled_from((_classification, _text_to_text, _generation)).flatmap(
        lambda make: make(files)
    )


@st.composite
def _classification(draw: st.DrawFn, files: Files) -> Spec:
    source, columns = draw(_sources(files))
    problem = draw(st.sampled_from((None, "single-label", "multi-label", "regression")))
    label = {"multi-label": "traits", "regression": "words"}.get(problem or "", "topic")
    template = {"text": draw(_texts(columns)), "label": f"{{{label}}}"}
    if draw(st.booleans()):
        template["text_pair"] = draw(_texts(columns))
    task: Spec = {"type": "text-classification"}
    if problem is not None:
        task["problem"] = problem
    _maybe(draw, task, "threshold", st.sampled_from((0.2, 0.9)))
    metrics = {
        "multi-label": ("accuracy", "f1", "precision", "recall"),
        "regression": ("mse", "mae", "r2", "pearson", "spearman"),
    }.get(problem or "", ("accuracy", "f1", "precision", "recall", "matthews-correlation"))
    return draw(_rest(files, source, columns, template, task, metrics, "classification"))


@st.composite
def _text_to_text(draw: st.DrawFn, files: Files) -> Spec:
    source, columns = draw(_sources(files))
    template = {"source": draw(_texts(columns)), "target": draw(_texts(columns))}
    task: Spec = {"type": draw(st.sampled_from(("summarization", "translation")))}
    _maybe(draw, task, "predict_with_generate", st.booleans())
    _maybe(draw, task, "num_beams", st.integers(1, 3))
    metrics = ("rouge", "sacrebleu", "chrf", "perplexity")
    return draw(_rest(files, source, columns, template, task, metrics, "text-to-text"))


@st.composite
def _generation(draw: st.DrawFn, files: Files) -> Spec:
    source, columns = draw(_sources(files))
    task: Spec = {"type": "text-generation"}
    _maybe(draw, task, "packing", st.booleans())
    _maybe(draw, task, "cross_document_attention", st.booleans())
    _maybe(draw, task, "max_new_tokens", st.integers(1, 8))
    _maybe(draw, task, "do_sample", st.booleans())
    _maybe(draw, task, "temperature", st.sampled_from((0.5, 1.5)))
    template = {"text": draw(_texts(columns))}
    return draw(_rest(files, source, columns, template, task, ("perplexity",), "generation"))


@st.composite
def _rest(
    draw: st.DrawFn,
    files: Files,
    source: Spec,
    columns: tuple[str, ...],
    template: Spec,
    task: Spec,
    metrics: tuple[str, ...],
    family: str,
) -> Spec:
    """The sections that every task has."""
    splits = draw(_splits(columns))
    has_validation = "validation" in splits
    spec: Spec = {
        "ftspec": 1,
        "data": {"source": source, "splits": splits},
        "preprocess": {"template": template},
        "model": draw(_models(files, family)),
        "task": draw(st.sampled_from((task, task["type"]))) if len(task) == 1 else task,
        "training": draw(_training(has_validation)),
    }
    if draw(st.booleans()):
        spec["preprocess"]["transforms"] = draw(st.lists(_transforms(columns), max_size=2))
    spec["tokenizer"] = draw(_tokenizers(files, spec["model"], family))
    _maybe(draw, spec, "seed", st.integers(0, 2**32 - 1))
    _maybe(draw, spec, "metrics", st.lists(_metrics(metrics), max_size=3))
    if has_validation or draw(st.integers(0, 7)) == 7:
        _maybe(draw, spec, "callbacks", st.lists(_callbacks(metrics), max_size=2))
    _maybe(draw, spec, "performance", _performance())
    return spec


def _maybe(draw: st.DrawFn, section: Spec, key: str, values: st.SearchStrategy[Any]) -> None:
    """Half of the time, a key."""
    if draw(st.booleans()):
        section[key] = draw(values)


def _mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is usual, seven times of eight."""
    return st.integers(0, 7).flatmap(lambda number: other if number == 7 else usual)


def _sources(files: Files) -> st.SearchStrategy[tuple[Spec, tuple[str, ...]]]:
    path = files.path
    jsonl = {"type": "json", "files": path("rows.jsonl")}
    bangla = {"type": "package", "package": "tests", "files": "hub/text/bangla.jsonl"}
    mixture = {
        "type": "mixture",
        "sources": [
            {"source": jsonl},
            {"source": {"type": "json", "files": [path("more.jsonl")]}, "weight": 0.5},
        ],
    }
    headless = {"type": "csv", "files": path("rows.tsv"), "delimiter": "\t"}
    return st.sampled_from(
        (
            (jsonl, _ALL),
            ({"type": "json", "files": {"train": path("rows.jsonl")}}, _ALL),
            ({"type": "json", "files": [path("rows.jsonl"), path("more.jsonl")]}, _ALL),
            ({"type": "json", "files": path("*.jsonl")}, _ALL),
            ({"type": "json", "files": path("array.json")}, _ALL),
            ({"type": "json", "files": path("below.json"), "field": "rows"}, _ALL),
            ({"type": "csv", "files": path("rows.csv")}, _FLAT),
            ({**headless, "column_names": list(_FLAT)}, _FLAT),
            ({"type": "parquet", "files": path("rows.parquet")}, _ALL),
            ({"type": "parquet", "files": path("rows.parquet"), "columns": list(_FLAT)}, _FLAT),
            ({"type": "text", "files": path("lines.txt")}, ("text",)),
            ({"type": "text", "files": path("lines.txt"), "sample_by": "paragraph"}, ("text",)),
            ({"type": "disk", "path": path("disk")}, _ALL),
            ({**bangla, "format": "json"}, ("en", "bn")),
            (mixture, _ALL),
            ({**mixture, "stopping": "all-exhausted"}, _ALL),
        )
    )


def _texts(columns: tuple[str, ...]) -> st.SearchStrategy[str]:
    named = [name for name in columns if name in ("text", "next", "topic", "en", "bn")]
    if "deep" in columns:
        named.append("deep.text")
    column = st.sampled_from(named)
    return st.one_of(
        column.map("{{{}}}".format),
        column.map("say: {{{}}}".format),
        st.tuples(column, column).map(lambda two: f"{{{{{{{two[0]}}}}}}} of {{{two[1]}}}"),
        st.just("a constant {{text}}"),
    )


@st.composite
def _splits(draw: st.DrawFn, columns: tuple[str, ...]) -> Spec:
    parts = draw(
        st.sampled_from(
            (
                {},
                {"train": "train[:32]", "validation": "train[32:]"},
                {"train": "train[:70%]", "validation": "train[70%:85%]", "test": "train[85%:]"},
                {"train": "train[:20]+train[24:40]", "test": "train[-4:]"},
                {"validation": {"from": "train", "fraction": 0.25}},
                {"validation": {"from": "train", "fraction": 0.2}, "test": "train[:4]"},
                {
                    "validation": {"from": "train", "fraction": 0.2},
                    "test": {"from": "train", "fraction": 0.1, "seed": 3},
                },
            )
        )
    )
    held_out = parts.get("validation")
    if isinstance(held_out, dict):
        held_out = dict(held_out)
        if "agree" in columns and draw(st.booleans()):
            held_out[draw(st.sampled_from(("stratify_by", "group_by")))] = "agree"
        parts = {**parts, "validation": held_out}
    return parts


def _transforms(columns: tuple[str, ...]) -> st.SearchStrategy[Any]:
    texts = [name for name in columns if name in ("text", "next", "en", "bn")]
    if "deep" in columns:
        texts.append("deep.text")
    return st.one_of(
        st.just("deduplicate"),
        st.fixed_dictionaries(
            {"type": st.just("deduplicate")},
            optional={
                "columns": st.lists(st.sampled_from(texts), min_size=1, max_size=2),
                "ignore_case": st.booleans(),
            },
        ),
        st.fixed_dictionaries(
            {"type": st.just("filter"), "column": st.sampled_from(texts)},
            optional={
                "not_missing": st.booleans(),
                "min_words": st.integers(1, 2),
                "max_words": st.integers(100, 200),
                "min_characters": st.integers(1, 3),
                "max_characters": st.integers(1000, 2000),
            },
        ),
    )


_ARCHITECTURES: dict[str, dict[str, Spec]] = {
    "classification": {
        "bert": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        "roberta": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        "electra": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        "distilbert": {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32},
        "gpt2": {"n_embd": 16, "n_layer": 1, "n_head": 2},
        "t5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2},
    },
    "text-to-text": {
        "t5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2},
        "mt5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2},
        "bart": {
            **{f"{half}_layers": 1 for half in ("encoder", "decoder")},
            **{f"{half}_attention_heads": 2 for half in ("encoder", "decoder")},
            **{f"{half}_ffn_dim": 32 for half in ("encoder", "decoder")},
            "d_model": 16,
        },
    },
    "generation": {
        "gpt2": {"n_embd": 16, "n_layer": 1, "n_head": 2},
        "llama": {
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
        },
        "gpt_neox": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
    },
}
_FOLDERS = {"classification": "bert", "text-to-text": "t5", "generation": "gpt2"}


@st.composite
def _models(draw: st.DrawFn, files: Files, family: str) -> Spec:
    if draw(st.booleans()):
        model: Spec = {"checkpoint": files.models[_FOLDERS[family]]}
        _maybe(draw, model, "init", st.sampled_from(("pretrained", "random")))
        return model
    architecture, config = draw(st.sampled_from(sorted(_ARCHITECTURES[family].items())))
    return {"init": "random", "architecture": architecture, "config": config}


@st.composite
def _tokenizers(draw: st.DrawFn, files: Files, model: Spec, family: str) -> Spec:
    """The tokenizer; one that is learned mostly goes with random weights."""
    tokenizer: Spec = {"type": "auto"}
    if "checkpoint" not in model or draw(st.integers(0, 3)) == 3:
        if draw(st.booleans()):
            tokenizer["checkpoint"] = files.models[_FOLDERS[family]]
        else:
            if "checkpoint" in model:
                model["init"] = draw(_mostly(st.just("random"), st.just("pretrained")))
            algorithms = st.sampled_from(("bpe", "unigram"))
            tokenizer = {
                "type": "train",
                "algorithm": draw(_mostly(algorithms, st.just("wordpiece"))),
                "vocab_size": draw(st.sampled_from((300, 500))),
            }
            _maybe(draw, tokenizer, "lowercase", st.booleans())
            _maybe(draw, tokenizer, "min_frequency", st.integers(1, 3))
    if family == "generation":  # blocks longer than the text are for the data to show
        tokenizer["max_length"] = draw(st.integers(8, 32))
    else:
        _maybe(draw, tokenizer, "max_length", _mostly(st.integers(8, 64), st.integers(65, 5000)))
    if family == "text-to-text":
        _maybe(draw, tokenizer, "max_target_length", st.integers(2, 64))
    return tokenizer


def _metrics(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    name = _mostly(st.sampled_from(names), st.sampled_from(("accuracy", "rouge", "mse")))
    averaged = st.builds(
        lambda name, average: {"type": name, "average": average},
        st.sampled_from(("f1", "precision", "recall")),
        st.sampled_from(("macro", "micro", "weighted", "binary")),
    )
    return st.one_of(name, averaged) if "f1" in names else name


def _callbacks(metrics: tuple[str, ...]) -> st.SearchStrategy[Any]:
    results = {
        "rouge": "rougeL",
        "sacrebleu": "bleu",
        "matthews-correlation": "matthews_correlation",
    }
    watched = st.sampled_from(("loss", *(results.get(name, name) for name in metrics)))
    return st.one_of(
        st.sampled_from(("early-stopping", "best-model", "generated-samples")),
        st.fixed_dictionaries(
            {"type": st.just("early-stopping"), "metric": watched},
            optional={"patience": st.integers(1, 3), "threshold": st.sampled_from((0.0, 0.1))},
        ),
        st.fixed_dictionaries(
            {"type": st.just("best-model"), "metric": watched},
            optional={"keep": st.integers(1, 3)},
        ),
        st.fixed_dictionaries({"type": st.just("generated-samples"), "count": st.integers(1, 4)}),
    )


def _performance() -> Specs:
    return st.fixed_dictionaries(
        {},
        optional={
            "precision": st.sampled_from(("auto", "fp32", "bf16")),
            "batching": st.sampled_from(("exact", "grouped", "padded")),
            "cost_per_cut": st.integers(0, 100),
            "max_tokens_per_device": st.integers(64, 4096),
        },
    )


_COUNTS = st.integers(1, 8)
_STRATEGIES = st.sampled_from(("no", "steps", "epoch"))
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "per_device_train_batch_size": _COUNTS,
    "per_device_eval_batch_size": _COUNTS,
    "gradient_accumulation_steps": _COUNTS,
    "num_train_epochs": st.sampled_from((1, 0.5, 2.5)),
    "max_steps": st.integers(1, 4),
    "learning_rate": st.sampled_from((1e-5, 3e-4, 1e-2)),
    "lr_scheduler_type": st.sampled_from(
        (
            "linear",
            "cosine",
            "cosine_with_restarts",
            "polynomial",
            "constant",
            "inverse_sqrt",
            "constant_with_warmup",
            "reduce_lr_on_plateau",
            "cosine_with_min_lr",
            "cosine_warmup_with_min_lr",
            "warmup_stable_decay",
            "greedy",
        )
    ),
    "lr_scheduler_kwargs": st.sampled_from(
        ({}, {"num_cycles": 2}, {"min_lr": 1e-6}, {"min_lr_rate": 0.1}, {"num_decay_steps": 2})
    ),
    "warmup_steps": st.sampled_from((0, 0.1, 2)),
    "optim": st.sampled_from(("adamw_torch", "adamw_torch_fused", "adafactor", "sgd", "rmsprop")),
    "optim_args": st.sampled_from(("", "alpha=0.1")),
    "weight_decay": st.sampled_from((0.0, 0.01)),
    "adam_beta1": st.sampled_from((0.5, 0.9)),
    "adam_epsilon": st.sampled_from((1e-8, 1e-6)),
    "max_grad_norm": st.sampled_from((0.0, 1.0)),
    "label_smoothing_factor": st.sampled_from((0.0, 0.1)),
    "gradient_checkpointing": st.booleans(),
    "activation_checkpointing": st.booleans(),
    "neftune_noise_alpha": st.sampled_from((None, 5.0)),
    "auto_find_batch_size": st.booleans(),
    "logging_strategy": _STRATEGIES,
    "logging_steps": st.sampled_from((0, 1, 0.5, 2.5, 10)),
    "logging_first_step": st.booleans(),
    "include_num_input_tokens_seen": st.sampled_from((True, False, "all", "non_padding", "no")),
    "log_level": st.sampled_from(("passive", "info", "error")),
    "eval_steps": st.sampled_from((0, 1, 2, 0.5, 1.5)),
    "eval_delay": st.sampled_from((0, 1)),
    "eval_on_start": st.booleans(),
    "eval_accumulation_steps": _COUNTS,
    "save_strategy": st.sampled_from(("no", "steps", "epoch", "best")),
    "save_steps": st.sampled_from((0, 1, 2, 0.5, 3.5)),
    "save_total_limit": st.integers(1, 3),
    "save_only_model": st.booleans(),
    "load_best_model_at_end": st.booleans(),
    "metric_for_best_model": st.sampled_from(("loss", "eval_loss", "accuracy", "rougeL", "f1")),
    "greater_is_better": st.booleans(),
    "full_determinism": st.just(False),
    "data_seed": st.integers(0, 9),
    "use_cpu": st.booleans(),
    "dataloader_drop_last": st.booleans(),
    "dataloader_num_workers": st.integers(0, 2),
    "dataloader_pin_memory": st.booleans(),
    "dataloader_persistent_workers": st.booleans(),
    "dataloader_prefetch_factor": st.integers(1, 3),
    "ignore_data_skip": st.booleans(),
    "torch_empty_cache_steps": st.integers(1, 3),
    "skip_memory_metrics": st.booleans(),
    "use_cache": st.booleans(),
    "debug": st.sampled_from(("", "underflow_overflow")),
}


@st.composite
def _training(draw: st.DrawFn, has_validation: bool) -> Spec:
    names = draw(st.lists(st.sampled_from(sorted(_FIELDS)), unique=True, max_size=8))
    training = {name: draw(_FIELDS[name]) for name in names}
    if {"dataloader_prefetch_factor", "dataloader_persistent_workers"} & {*names}:
        training["dataloader_num_workers"] = draw(_mostly(st.just(1), st.just(0)))
    if has_validation:
        training["eval_strategy"] = draw(
            _mostly(st.sampled_from(("steps", "epoch")), st.just("no"))
        )
    elif draw(st.integers(0, 7)) == 7:
        training["eval_strategy"] = "epoch"
    return training
