"""The head of a model: that of the checkpoint where it has the same labels, a new one otherwise."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
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
        loaded = [name for name in _weights_of_head(type(model), self.config) if name not in absent]
        if not loaded:
            return set()
        if self.is_kept:
            self._note_kept(note)
            return set()
        self._note_new(note)
        _renew(model, loaded)
        return set(loaded)

    def other_weights(self, model: PreTrainedModel, note: Note) -> list[str]:
        """Give the head of a model new weights if an adapter that is trained further brings one
        with other labels. Returns their names, and says whether the head is kept."""
        if self.is_kept:
            self._note_kept(note)
            return []
        self._note_new(note)
        names = _weights_of_head(type(model), self.config)
        _renew(model, names)
        return names

    def _note_kept(self, note: Note) -> None:
        if self.names:
            note(
                "the head of the checkpoint is trained further: it has the same labels, in the "
                f"order {_listed(self.names)}"
            )

    def _note_new(self, note: Note) -> None:
        wanted = f"has the labels {_listed(self.names)}" if self.names else "learns a number"
        note(
            f"the head is new: that of the checkpoint has the labels {_listed(self.known)}, and "
            f"the task {wanted}"
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


def _renew(model: PreTrainedModel, names: Iterable[str]) -> None:
    """Give parameters the weights that the architecture starts with."""
    for name in names:
        module, _, parameter = name.rpartition(".")
        owner = model.get_submodule(module)
        # transformers marks loaded parameters, and does not initialize these
        setattr(owner, parameter, nn.Parameter(torch.zeros_like(getattr(owner, parameter))))
        model._init_weights(owner)  # type: ignore[no-untyped-call]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(f'"{name}"' for name in names[:_MOST_SHOWN]) + more
