"""Random models of every architecture, small."""

from __future__ import annotations

import gc

import torch
import transformers
from transformers import PreTrainedModel

from ftspec.errors import in_one_line
from tests.architectures.configurations import small_configuration
from tests.architectures.corpus import LABELS, TAGS
from tests.architectures.pairs import Pair
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
    """There is no small model of an architecture here."""


def build_model(pair: Pair) -> PreTrainedModel:
    """A small model of a pair with random weights, in fp32 and without dropout.

    Raises:
        NotBuiltError: why there is none.
    """
    settings = dict(pair.settings)
    if pair.task == "text-generation" and pair.model_type in _DECODERS:
        settings.setdefault("is_decoder", True)
    names = {"text-classification": LABELS, "token-classification": TAGS}.get(pair.task)
    if names is not None:
        settings["id2label"] = dict(enumerate(names))
        settings["label2id"] = {name: index for index, name in enumerate(names)}
    try:
        config = small_configuration(pair.model_type, settings)
        with torch.random.fork_rng():
            torch.manual_seed(_SEED)
            model: PreTrainedModel = getattr(transformers, pair.auto_model).from_config(config)
    except Exception as error:  # of any kind: a class refuses its own configuration
        raise NotBuiltError(f"{type(error).__name__}: {in_one_line(error, 200)}") from error
    parameters = model.num_parameters()
    if parameters > MOST_PARAMETERS:
        del model
        gc.collect()
        raise NotBuiltError(f"the smallest that was found has {parameters:,} parameters")
    model = model.float()
    scale_weights(model)
    return model.eval()
