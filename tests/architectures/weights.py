"""Random weights of such a size that attention and padding matter.

The weights that transformers starts from are so small that a layer hardly changes what it reads,
and attention is the mean of all tokens. A model that reads padding then gives nearly the same.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

_SEED = 20240303
_EMBEDDINGS = 0.5
_BIASES = 0.1


@torch.no_grad()
def scale_weights(model: PreTrainedModel) -> None:
    """Draw the weights of embeddings, linear layers and convolutions again, so that what they give
    is about as large as what they read."""
    generator = torch.Generator().manual_seed(_SEED)

    def draw(parameter: torch.Tensor, scale: float) -> None:
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)

    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding):
            draw(module.weight, _EMBEDDINGS)
            if module.padding_idx is not None:
                module.weight[module.padding_idx] = 0
        elif isinstance(module, nn.Linear | nn.Conv1d | Conv1D):
            draw(module.weight, 1 / math.sqrt(_inputs_of(module)))
            if module.bias is not None and "dt" not in name:  # steps of time have their own range
                draw(module.bias, _BIASES)
        else:
            for own_name, parameter in module.named_parameters(recurse=False):
                if _is_matrix(own_name, parameter):
                    draw(parameter, 1 / math.sqrt(parameter.shape[-1]))


def _inputs_of(module: nn.Module) -> int:
    weight = module.weight
    assert isinstance(weight, torch.Tensor)
    return weight.shape[0] if isinstance(module, Conv1D) else weight[0].numel()


def _is_matrix(name: str, parameter: torch.Tensor) -> bool:
    """Whether a parameter outside the layers of torch multiplies what a module reads: the weights
    of experts are such."""
    return parameter.ndim >= 3 or (parameter.ndim == 2 and "weight" in name and "A_log" not in name)
