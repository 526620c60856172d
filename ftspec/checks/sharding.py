""" "fsdp" or "deepspeed" cannot shard the model, or contradicts other settings of the spec.

Why: transformers trains without sharding on a CPU and does not say so. Other contradictions are
errors of libraries, after all rows are prepared and the model is loaded. A number in a DeepSpeed
configuration must be that of the spec; "auto" takes it from there.

Bad:

    training: {fsdp: true, use_cpu: true}

Good:

    training: {fsdp: true}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ftspec.diagnostics.model import Diagnostic, Label, labelled
from ftspec.diagnostics.suggest import nearest
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.deepspeed_keys import DEEPSPEED_KEYS
from ftspec.planning.plan import Plan
from ftspec.planning.sharding import STAGES, WHOLE_WEIGHTS, ZERO, settings_of, sharders_of
from ftspec.spec.training import GLOBAL_BATCH_SIZE, with_defaults

SLUGS = ("sharding",)

_FSDP: SpecPath = ("training", "fsdp")
_DEEPSPEED: SpecPath = ("training", "deepspeed")
_OF_FSDP_1 = ("no_shard", "hybrid_shard", "hybrid_shard_zero2")
_ROWS = {
    "train_micro_batch_size_per_gpu": "per_device_train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
}


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Look at what shards, at its settings, and at what they repeat."""
    sharders = sharders_of(plan)
    if len(sharders) > 1:
        yield Diagnostic(
            slug="sharding",
            headline='"fsdp" and "deepspeed" both shard the model',
            labels=(Label(spans.span(_DEEPSPEED)), Label(spans.span(_FSDP), "the other")),
            helps=("remove one of them",),
        )
    if "fsdp" in sharders:
        yield from _of_fsdp(plan, spans)
    if "deepspeed" in sharders:
        config = settings_of(plan, "deepspeed")
        yield from _misspelt(config, spans)
        yield from _of_zero(config, spans)
        yield from _repeated_rows(plan, config, spans)
        yield from _repeated_clipping(plan, config, spans)
        yield from _repeated_precision(plan, config, spans)


def _of_fsdp(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    if plan.training.get("use_cpu"):
        yield Diagnostic(
            slug="sharding",
            headline='"fsdp" shards nothing on a CPU',
            labels=(Label(spans.span(_FSDP)), Label(spans.span(("training", "use_cpu")), "a CPU")),
            helps=('remove "fsdp", or "use_cpu"',),
        )
    written = plan.training["fsdp"]
    options = written.split() if isinstance(written, str) else written
    config = settings_of(plan, "fsdp_config")
    version, kind = config.get("version", 2), config.get("state_dict_type")
    if kind is not None and "FULL" not in str(kind).upper():
        yield Diagnostic(
            slug="sharding",
            headline=f'"{kind}" in "fsdp_config" saves no whole weights',
            labels=labelled(spans.span(("training", "fsdp_config", "state_dict_type"))),
            helps=('write "state_dict_type: FULL_STATE_DICT", or remove it',),
        )
    for option in options if isinstance(options, list) else ():
        if option.lower() == "no_shard":
            headline, help_ = '"fsdp: no_shard" shards nothing', 'write "fsdp: full_shard"'
        elif option.lower() in _OF_FSDP_1 and version == 2:
            headline = f'"fsdp: {option}" needs version 1 of FSDP'
            help_ = 'write "fsdp: full_shard", or "fsdp_config: {version: 1}", which is deprecated'
        else:
            continue
        yield Diagnostic(
            slug="sharding", headline=headline, labels=labelled(spans.span(_FSDP)), helps=(help_,)
        )


def _misspelt(config: Mapping[str, Any], spans: Document) -> Iterator[Diagnostic]:
    """Keys that DeepSpeed would ignore without a word. One that resembles none may be newer."""
    for key in config:
        name = None if key in DEEPSPEED_KEYS else nearest(str(key), DEEPSPEED_KEYS)
        if name is not None:
            yield Diagnostic(
                slug="sharding",
                headline=f'"{key}" is no key of DeepSpeed, which would ignore it',
                labels=labelled(spans.key_span((*_DEEPSPEED, str(key)))),
                helps=(f'did you mean "{name}"?',),
            )


def _of_zero(config: Mapping[str, Any], spans: Document) -> Iterator[Diagnostic]:
    """A stage that splits nothing, and weights that would not be saved."""
    if not config:  # a file that another check reports
        return
    stage = _value_at(config, (ZERO, "stage"))
    if isinstance(stage, bool) or stage not in STAGES:
        yield Diagnostic(
            slug="sharding",
            headline='"deepspeed" shards nothing without "zero_optimization.stage"'
            if stage is None
            else f'"zero_optimization.stage" is {json.dumps(stage)} in "deepspeed", not 1, 2 or 3',
            labels=labelled(spans.span((*_DEEPSPEED, ZERO, "stage"))),
            helps=(
                'write "zero_optimization: {stage: 2}": 1 splits the optimizer, 2 its gradients '
                "too, 3 the parameters too",
            ),
        )
    if _value_at(config, (ZERO, WHOLE_WEIGHTS)) is False:
        yield Diagnostic(
            slug="sharding",
            headline=f'"{WHOLE_WEIGHTS}" is false in "deepspeed", so no weights would be saved',
            labels=labelled(spans.span((*_DEEPSPEED, ZERO, WHOLE_WEIGHTS))),
            helps=("remove it: ftspec sets it",),
        )


def _repeated_rows(plan: Plan, config: Mapping[str, Any], spans: Document) -> Iterator[Diagnostic]:
    """Numbers of rows that are not those of the spec. How many rows a device computes at once
    follows from global_batch_size when the run starts."""
    training = with_defaults(plan.training)
    rows = training[GLOBAL_BATCH_SIZE]
    for key, argument in _ROWS.items():
        wanted = training[argument] if rows is None else None
        yield from _differing(config, (key,), wanted, f"training.{argument}", spans)
    written = config.get("train_batch_size")
    per_device = training["per_device_train_batch_size"] * training["gradient_accumulation_steps"]
    if rows is not None:
        yield from _differing(
            config, ("train_batch_size",), rows, f"training.{GLOBAL_BATCH_SIZE}", spans
        )
    elif isinstance(written, int) and written % per_device != 0:
        yield from _differing(config, ("train_batch_size",), per_device, "each device", spans)


def _repeated_clipping(
    plan: Plan, config: Mapping[str, Any], spans: Document
) -> Iterator[Diagnostic]:
    wanted = with_defaults(plan.training)["max_grad_norm"]
    yield from _differing(config, ("gradient_clipping",), wanted, "training.max_grad_norm", spans)


def _repeated_precision(
    plan: Plan, config: Mapping[str, Any], spans: Document
) -> Iterator[Diagnostic]:
    precision = plan.performance.precision
    for kind in ("bf16", "fp16") if precision != "auto" else ():
        key = (kind, "enabled")
        if isinstance(_value_at(config, key), bool):
            yield from _differing(config, key, precision == kind, "performance.precision", spans)


def _differing(
    config: Mapping[str, Any], key: tuple[str, ...], wanted: Any, source: str, spans: Document
) -> Iterator[Diagnostic]:
    value = _value_at(config, key)
    if value is None or value == "auto" or value == wanted:
        return
    said = "" if wanted is None else f", and {source} gives {_shown(wanted)}"
    follows = f", and follows from {GLOBAL_BATCH_SIZE}" if wanted is None else ""
    yield Diagnostic(
        slug="sharding",
        headline=f'"{".".join(key)}" is {_shown(value)} in "deepspeed"{said}{follows}',
        labels=labelled(spans.span((*_DEEPSPEED, *key))),
        helps=(f'write "{key[-1]}: auto"',),
    )


def _value_at(config: Mapping[str, Any], key: tuple[str, ...]) -> Any:
    value: Any = config
    for step in key:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
