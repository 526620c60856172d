"""All pairs of a task and an architecture, and variants of some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from transformers.models.auto import modeling_auto

from tests.architectures.sizes import Settings

Side = Literal["left", "right"]


@dataclass(frozen=True, kw_only=True)
class TaskKind:
    """A task of ftspec, and the architectures that transformers has for it."""

    name: str
    auto_model: str
    mapping: str

    @property
    def model_types(self) -> tuple[str, ...]:
        """Every model type of the mapping."""
        return tuple(getattr(modeling_auto, self.mapping))


TASKS = {
    task.name: task
    for task in (
        TaskKind(
            name="text-classification",
            auto_model="AutoModelForSequenceClassification",
            mapping="MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
        ),
        TaskKind(
            name="token-classification",
            auto_model="AutoModelForTokenClassification",
            mapping="MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
        ),
        TaskKind(
            name="question-answering",
            auto_model="AutoModelForQuestionAnswering",
            mapping="MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES",
        ),
        TaskKind(
            name="summarization",
            auto_model="AutoModelForSeq2SeqLM",
            mapping="MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
        ),
        TaskKind(
            name="text-generation",
            auto_model="AutoModelForCausalLM",
            mapping="MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A task and an architecture.

    Attributes:
        task: the name of the task in a spec.
        model_type: the architecture.
        variant: what is different from the architecture's defaults; empty if nothing is.
        settings: of the configuration, for the variant.
        side: where the tokenizer pads.
    """

    task: str
    model_type: str
    variant: str = ""
    settings: Settings = field(default_factory=dict, hash=False)
    side: Side = "right"

    def __str__(self) -> str:
        return "/".join(part for part in (self.task, self.model_type, self.variant) if part)

    @property
    def auto_model(self) -> str:
        """The class of transformers that loads the model."""
        return TASKS[self.task].auto_model


def plain_pairs() -> Iterator[Pair]:
    """Every architecture of the installed transformers, for every task."""
    for task in TASKS.values():
        for model_type in task.model_types:
            yield Pair(task=task.name, model_type=model_type)


def all_pairs() -> list[Pair]:
    """The same, and the variants."""
    return [*plain_pairs(), *variants()]


def variants() -> Iterator[Pair]:
    """Settings that change what padding does, on the architectures that have them."""
    for task, model_type, variant, settings in _SETTINGS:
        yield Pair(task=task, model_type=model_type, variant=variant, settings=settings)
    for task, model_types in _PADDED_LEFT.items():
        for model_type in model_types:
            yield Pair(task=task, model_type=model_type, variant="padded left", side="left")


_TEXT, _GENERATION, _SUMMARY = "text-classification", "text-generation", "summarization"

_LONG = {"rope_type": "longrope", "rope_theta": 10000.0, "original_max_position_embeddings": 64}
_LONGROPE: dict[str, Any] = {
    "original_max_position_embeddings": 64,
    "rope_parameters": {**_LONG, "short_factor": [1.0] * 4, "long_factor": [1.0, 2.0, 4.0, 8.0]},
}
_DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}
_YARN = {
    "rope_type": "yarn",
    "rope_theta": 10000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 64,
}
_ROUTERS = {"output_router_logits": True, "router_aux_loss_coef": 0.1}

_SETTINGS: tuple[tuple[str, str, str, Settings], ...] = (
    (_TEXT, "big_bird", "full attention", {"attention_type": "original_full"}),
    (_TEXT, "deberta", "relative", {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    (_TEXT, "deberta-v2", "relative", {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    (_TEXT, "deberta-v2", "convolution", {"conv_kernel_size": 3, "conv_act": "gelu"}),
    (_TEXT, "funnel", "factorized", {"attention_type": "factorized"}),
    (_TEXT, "mixtral", "router loss", _ROUTERS),
    (_TEXT, "modernbert", "pooling of cls", {"classifier_pooling": "cls"}),
    (_TEXT, "modernbert", "pooling of mean", {"classifier_pooling": "mean"}),
    (_TEXT, "phi3", "longrope", _LONGROPE),
    (_SUMMARY, "bigbird_pegasus", "full attention", {"attention_type": "original_full"}),
    (_SUMMARY, "longt5", "transient global", {"encoder_attention_type": "transient-global"}),
    (_SUMMARY, "nllb-moe", "small capacity", {"expert_capacity": 4}),
    (_SUMMARY, "switch_transformers", "small capacity", {"expert_capacity": 4}),
    (_GENERATION, "bert", "bidirectional", {"is_decoder": False}),
    (_GENERATION, "roberta", "bidirectional", {"is_decoder": False}),
    (_GENERATION, "falcon", "alibi", {"alibi": True}),
    (_GENERATION, "falcon", "new architecture", {"new_decoder_architecture": True}),
    (_GENERATION, "gpt2", "scaled by layer", {"scale_attn_by_inverse_layer_idx": True}),
    (_GENERATION, "llama", "dynamic rope", {"rope_parameters": _DYNAMIC}),
    (_GENERATION, "llama", "yarn", {"rope_parameters": _YARN}),
    (_GENERATION, "minimax_m3_vl_text", "sparse", {}),
    (_GENERATION, "mixtral", "router loss", _ROUTERS),
    (_GENERATION, "phi3", "longrope", _LONGROPE),
    (_GENERATION, "qwen2", "sliding window", {"use_sliding_window": True, "max_window_layers": 1}),
)

_PADDED_LEFT = {
    _TEXT: (
        "bert",
        "deberta-v2",
        "gemma2",
        "gpt2",
        "gpt_neox",
        "jamba",
        "llama",
        "mistral",
        "opt",
        "qwen3",
        "t5gemma",
        "xlnet",
    ),
    "token-classification": ("bert", "llama"),
    "question-answering": ("bert", "gpt2"),
    _SUMMARY: ("bart", "t5"),
    _GENERATION: ("bloom", "gpt2", "llama", "mamba", "rwkv", "xlnet"),
}
