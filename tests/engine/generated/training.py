"""Metrics, callbacks, performance, and the fields of TrainingArguments."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.engine.generated.drawing import Spec, Specs, mostly


def metrics(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    name = mostly(st.sampled_from(names), st.sampled_from(("accuracy", "rouge", "mse")))
    averaged = st.builds(
        lambda name, average: {"type": name, "average": average},
        st.sampled_from(("f1", "precision", "recall")),
        st.sampled_from(("macro", "micro", "weighted", "binary")),
    )
    return st.one_of(name, averaged) if "f1" in names else name


def callbacks(metrics: tuple[str, ...]) -> st.SearchStrategy[Any]:
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


def performance() -> Specs:
    return st.fixed_dictionaries(
        {},
        optional={
            "precision": st.sampled_from(("auto", "fp32", "bf16")),
            "batching": st.sampled_from(("exact", "grouped", "padded")),
            "micro_batch_overhead_tokens": st.integers(0, 100),
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
def training(draw: st.DrawFn, has_validation: bool) -> Spec:
    names = draw(st.lists(st.sampled_from(sorted(_FIELDS)), unique=True, max_size=8))
    training = {name: draw(_FIELDS[name]) for name in names}
    if {"dataloader_prefetch_factor", "dataloader_persistent_workers"} & {*names}:
        training["dataloader_num_workers"] = draw(mostly(st.just(1), st.just(0)))
    if has_validation:
        training["eval_strategy"] = draw(mostly(st.sampled_from(("steps", "epoch")), st.just("no")))
    elif draw(st.integers(0, 7)) == 7:
        training["eval_strategy"] = "epoch"
    return training
