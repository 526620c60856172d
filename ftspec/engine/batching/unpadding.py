"""Encoders whose layers compute no padding.

Embeddings and heads get padded batches, as ever. Between them, where nearly all the time goes, the
tokens of all rows lie in one line, and attention by rows keeps them apart.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

_LINE = "line"
"""The option under which layers hand on how their tokens lie; attention does not look at it."""


class Line(NamedTuple):
    """Where in a padded batch of ``rows`` and ``width`` the tokens of a line are, one number for
    each, counted along the rows."""

    at: torch.Tensor
    rows: int
    width: int

    def take(self, padded: torch.Tensor) -> torch.Tensor:
        """Of a tensor of shape (rows, width, size), shape (1, tokens, size)."""
        return padded.flatten(0, 1).index_select(0, self.at)[None]

    def put_back(self, line: torch.Tensor) -> torch.Tensor:
        """What was taken, with noughts for padding."""
        padded = line.new_zeros(self.rows * self.width, line.shape[-1])
        return padded.index_copy(0, self.at, line[0]).view(self.rows, self.width, -1)


def find_layers(model: nn.Module) -> nn.Module | None:
    """The part of an encoder that is its layers alone: hidden states come in, and go out."""
    for part in model.modules():
        if not isinstance(part, PreTrainedModel) or part.config.is_encoder_decoder:
            continue
        for child in part.children():
            names = list(inspect.signature(child.forward).parameters)
            if names[:2] == ["hidden_states", "attention_mask"] and _has_layers(child):
                return child
    return None


def first_layer(layers: nn.Module) -> nn.Module:
    """The first of the layers that were found."""
    return next(iter(_lists_of(layers)))[0]


def unpad(layers: nn.Module) -> list[torch.utils.hooks.RemovableHandle]:
    """Let layers compute the tokens of text alone, wherever attention hands on the mask of rows as
    it is; removing what this gives undoes it."""
    return [
        layers.register_forward_pre_hook(_into_line, with_kwargs=True),
        layers.register_forward_hook(_into_rows, with_kwargs=True),
    ]


def _has_layers(part: nn.Module) -> bool:
    return any(True for _ in _lists_of(part))


def _lists_of(part: nn.Module) -> Iterator[nn.ModuleList]:
    return (child for child in part.children() if isinstance(child, nn.ModuleList) and len(child))


def _into_line(
    layers: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    names = ("hidden_states", "attention_mask")
    given = dict(zip(names, arguments, strict=False))
    mask = given.get("attention_mask", options.get("attention_mask"))
    if not isinstance(mask, torch.Tensor) or mask.ndim != len(names):
        return None
    mask = mask.bool()
    lengths = mask.sum(dim=1)
    line = Line(mask.flatten().nonzero()[:, 0], *mask.shape)
    edges = functional.pad(lengths.cumsum(0), (1, 0)).int()
    hidden = given.get("hidden_states", options.get("hidden_states"))
    assert isinstance(hidden, torch.Tensor)
    changed = {
        "hidden_states": line.take(hidden),
        "attention_mask": None,
    }
    ours = {
        _LINE: line,
        **dict.fromkeys(("cu_seq_lens_q", "cu_seq_lens_k"), edges),
        **dict.fromkeys(("max_length_q", "max_length_k"), int(lengths.max())),
    }
    rest = {name: value for name, value in options.items() if name not in names}
    return (*changed.values(), *arguments[len(names) :]), rest | ours


def _into_rows(
    layers: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any], output: Any
) -> Any:
    line: Line | None = options.get(_LINE)
    if line is None:
        return None
    if isinstance(output, torch.Tensor):
        return line.put_back(output)
    if isinstance(output, ModelOutput):
        output["last_hidden_state"] = line.put_back(output["last_hidden_state"])
        return output
    return (line.put_back(output[0]), *output[1:])
