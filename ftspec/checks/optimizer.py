"""The optimizer has no key of this name in "optim_args", or lacks a setting that it needs.

Why: transformers ignores an unknown key without a word, and refuses a missing setting or a value of
another type when training starts, after data and model are loaded.

Bad:

    training: {optim: sgd, optim_args: "momentun=0.9"}

Good:

    training: {optim: sgd, optim_args: "momentum=0.9"}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.training import with_defaults
from ftspec.spec.training_shapes import optimizer_keys

SLUGS = ("optimizer",)

_GALORE = {"proj_type": "word", "rank": "int", "scale": "float", "update_proj_gap": "int"}
_APOLLO = {**_GALORE, "proj": "word", "scale_type": "word"}
_ADEMAMIX = {
    **dict.fromkeys(("alpha", "beta1", "beta2", "beta3", "eps"), "float"),
    **dict.fromkeys(("t_alpha", "t_beta3"), "int"),
}

KEYS: Mapping[str, Mapping[str, str]] = {
    "adagrad": dict.fromkeys(("eps", "lr_decay", "weight_decay"), "float"),
    "adamw_anyprecision": dict.fromkeys(
        (
            *("compensation_buffer_dtype", "momentum_dtype", "use_kahan_summation"),
            "variance_dtype",
        ),
        "word",
    ),
    "adamw_torch_4bit": {"bf16_stochastic_round": "word", "block_size": "int"},
    "adamw_torch_8bit": {"bf16_stochastic_round": "word", "block_size": "int"},
    "ademamix": _ADEMAMIX,
    "apollo_adamw": _APOLLO,
    "galore_adafactor": _GALORE,
    "galore_adamw": _GALORE,
    "grokadamw": dict.fromkeys(
        ("alpha_init", "gamma", "gradient_clipping", "grokking_signal_decay_rate", "lamb"), "float"
    ),
    "paged_ademamix": _ADEMAMIX,
    "rmsprop": {
        "centered": "word",
        **dict.fromkeys(("alpha", "eps", "momentum", "weight_decay"), "float"),
    },
    "schedule_free_adamw": {"r": "float", "weight_lr_power": "float"},
    "schedule_free_radam": {"r": "float", "weight_lr_power": "float"},
    "schedule_free_sgd": {"r": "float", "weight_lr_power": "float"},
    "sgd": {
        "nesterov": "word",
        **dict.fromkeys(("dampening", "momentum", "weight_decay"), "float"),
    },
    "stable_adamw": {"decouple_lr": "word", "kahan_sum": "word", "max_lr": "float"},
}
"""The keys of ``optim_args`` and their types, by optimizer without its precision and ``layerwise``.
Optimizers that are not listed have none."""

_ANY_KEY = ("rmsprop_bnb",)
_ARGS: SpecPath = ("training", "optim_args")
_OPTIM: SpecPath = ("training", "optim")
_TYPES = {"int": (int, "a whole number"), "float": (float, "a number")}


def keys_of(optimizer: str) -> Mapping[str, str] | None:
    """The keys of an optimizer and their types; ``None`` if it takes any key."""
    name = optimizer.removesuffix("_layerwise")
    for known in (name, name.removesuffix("_8bit"), name.removesuffix("_32bit")):
        if known in _ANY_KEY:
            return None
        if known in KEYS:
            return KEYS[known]
    return {}


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the settings of the optimizer with the ones that it has."""
    settings = with_defaults(plan.training)
    optimizer = settings["optim"]
    known = keys_of(optimizer)
    for key, value in optimizer_keys(settings["optim_args"]).items():
        if known is None:
            continue
        if key not in known:
            helps = did_you_mean(key, known) or ((one_of(known),) if known else ("remove it",))
            headline = f'the optimizer "{optimizer}" has no key "{plan.mask(key)}"'
            yield _finding(spans, _ARGS, headline, *helps)
        elif known[key] in _TYPES and not _is_a(known[key], value):
            wanted = _TYPES[known[key]][1]
            headline = f'"{key}" in optim_args must be {wanted}, found "{plan.mask(value)}"'
            yield _finding(spans, _ARGS, headline)
    if optimizer.startswith(("galore_", "apollo_")):
        yield from _low_rank(optimizer, settings["optim_target_modules"], plan, spans)


def _low_rank(optimizer: str, targets: object, plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    if targets is None:
        yield _finding(
            spans,
            _OPTIM,
            f'the optimizer "{optimizer}" needs "optim_target_modules"',
            'write "optim_target_modules: all-linear", or a list of modules',
        )
    accumulated = plan.training.get("gradient_accumulation_steps", 1)
    if optimizer.endswith("_layerwise") and accumulated > 1:
        yield _finding(
            spans,
            ("training", "gradient_accumulation_steps"),
            f'the optimizer "{optimizer}" cannot accumulate gradients',
            "remove it, or choose the optimizer without layerwise",
        )


def _is_a(kind: str, written: str) -> bool:
    try:
        _TYPES[kind][0](written)
    except ValueError:
        return False
    return True


def _finding(spans: Document, at: SpecPath, headline: str, *helps: str) -> Diagnostic:
    labels = labelled(spans.span(at))
    return Diagnostic(slug="optimizer", headline=headline, labels=labels, helps=helps)
