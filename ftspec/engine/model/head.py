"""The head of a model: that of the checkpoint where it has the same labels, a new one otherwise."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from ftspec.engine.progress.run_log import Note
from ftspec.labels import are_same_classes

_MOST_SHOWN = 10


@dataclass(frozen=True)
class Head:
    """The outputs that a task needs, and those that a checkpoint has.

    Attributes:
        config: the configuration of the model to train.
        names: the labels of the task; empty for a number.
        known: the labels of the checkpoint, in the order of its outputs.
    """

    config: PretrainedConfig
    names: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether each output of the checkpoint means the label that the task has there."""
        if not self.names:
            return len(self.known) == 1
        return are_same_classes(self.names, self.known)

    def settle(self, model: PreTrainedModel, report: Mapping[str, Any], note: Note) -> set[str]:
        """Give the head new weights unless it is kept, and say which of the two. Returns the names
        of the new weights. transformers loads a head wherever it has as many outputs.

        Args:
            model: the loaded model.
            report: what transformers said of its weights.
            note: shows a message to the user.
        """
        absent = set(report["missing_keys"])
        if self.is_kept and not absent:
            self._note_kept(note)
            return set()
        head = _weights_of_head(type(model), self.config)
        loaded = [name for name in head if name not in absent]
        if self.is_kept and loaded:
            self._note_kept(note)
        if self.is_kept or not loaded:
            return set()
        wanted = f"has the labels {_listed(self.names)}" if self.names else "learns a number"
        note(
            f"the head is new: that of the checkpoint has the labels {_listed(self.known)}, and "
            f"the task {wanted}"
        )
        for name in loaded:
            module, _, parameter = name.rpartition(".")
            _renew(model, module, parameter)
        return set(loaded)

    def _note_kept(self, note: Note) -> None:
        if self.names:
            note(
                "the head of the checkpoint is trained further: it has the same labels, in the "
                f"order {_listed(self.names)}"
            )


def _weights_of_head(model: type[PreTrainedModel], config: PretrainedConfig) -> list[str]:
    """The names of the weights whose shape depends on the number of labels."""
    more = copy.deepcopy(config)
    more.num_labels = len(config.id2label or {}) + 1
    with torch.device("meta"):
        shapes, others = (
            {name: one.shape for name, one in model(each).named_parameters()}
            for each in (copy.deepcopy(config), more)
        )
    return [name for name, shape in shapes.items() if others.get(name) != shape]


def plan_head(
    config: PretrainedConfig, settings: Mapping[str, Any], known: Sequence[str]
) -> Head | None:
    """The head of a task that has labels or learns a number, as the ``settings`` of its model
    say."""
    names: Mapping[int, str] | None = settings.get("id2label")
    if not known or (names is None and settings.get("num_labels") != 1):
        return None
    ordered = tuple(names[index] for index in sorted(names)) if names is not None else ()
    return Head(config, ordered, tuple(known))


def _renew(model: PreTrainedModel, module: str, parameter: str) -> None:
    """Give a parameter the weights that the architecture starts with."""
    owner = model.get_submodule(module)
    before = getattr(owner, parameter)
    # transformers marks loaded parameters, and does not initialize these
    setattr(owner, parameter, nn.Parameter(torch.zeros_like(before)))
    model._init_weights(owner)  # type: ignore[no-untyped-call]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(f'"{name}"' for name in names[:_MOST_SHOWN]) + more
