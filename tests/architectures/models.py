"""Random models of every architecture, small."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from transformers import PreTrainedModel

from tests.architectures.configurations import small_configuration
from tests.architectures.corpus import LABELS, TAGS
from tests.architectures.exceptions import NOT_BUILT
from tests.architectures.pairs import Pair
from tests.architectures.sizes import Settings
from tests.architectures.weights import scale_weights

MOST_PARAMETERS = 3_000_000
_SEED = 20240302

_DECODERS = frozenset(
    {
        "bert",
        "bert-generation",
        "big_bird",
        "camembert",
        "cohere_compass_text",
        "data2vec-text",
        "electra",
        "ernie",
        "megatron-bert",
        "reformer",
        "rembert",
        "roberta",
        "roberta-prelayernorm",
        "roc_bert",
        "roformer",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
    }
)
"""Encoders that are causal only if their configuration says that they are decoders."""


class NotBuiltError(Exception):
    """There is no small model of an architecture here, for a known reason."""


def build_model(pair: Pair) -> PreTrainedModel:
    """A small model of a pair with random weights, in fp32 and without dropout.

    Raises:
        NotBuiltError: there is none, and why.
    """
    if pair.model_type in NOT_BUILT:
        raise NotBuiltError(NOT_BUILT[pair.model_type])
    config = small_configuration(pair.model_type, _settings_of(pair))
    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        model: Any = getattr(transformers, pair.auto_model).from_config(config)
    parameters = model.num_parameters()
    if parameters > MOST_PARAMETERS:
        raise ValueError(f"a small model has {parameters:,} parameters")
    built: PreTrainedModel = model.float().eval()
    scale_weights(built)
    return built


def _settings_of(pair: Pair) -> Settings:
    """The settings of the configuration that the task and the variant ask for."""
    settings: dict[str, Any] = {}
    if pair.task == "text-generation" and pair.model_type in _DECODERS:
        settings["is_decoder"] = True
    labels = {"text-classification": LABELS, "token-classification": TAGS}.get(pair.task)
    if labels is not None:
        settings["id2label"] = dict(enumerate(labels))
        settings["label2id"] = {name: index for index, name in enumerate(labels)}
    return {**settings, **pair.settings}
