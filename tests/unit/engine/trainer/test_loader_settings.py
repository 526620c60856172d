"""How batches reach the device."""

from __future__ import annotations

import datasets
import pytest
import torch
from transformers import TrainingArguments

from ftspec.engine.trainer import loader_settings as loading
from ftspec.engine.trainer.loader_settings import choose_loading

ROWS = datasets.Dataset.from_dict({"input_ids": [[1], [2]]})


def test_on_a_cpu_the_cores_are_for_the_model() -> None:
    chosen = choose_loading({}, ROWS, use_cpu=True)

    assert (chosen["dataloader_num_workers"], chosen["dataloader_pin_memory"]) == (0, False)
    TrainingArguments(output_dir="x", use_cpu=True, **chosen)


@pytest.mark.parametrize(
    ("cores", "processes", "workers"), [(64, 1, 4), (4, 1, 3), (8, 4, 1), (2, 2, 0)]
)
def test_beside_a_device_some_cores_load(
    monkeypatch: pytest.MonkeyPatch, cores: int, processes: int, workers: int
) -> None:
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)  # as on such a machine
    monkeypatch.setattr(loading, "_cores", lambda: cores)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
    chosen = choose_loading({}, ROWS, use_cpu=False)

    assert chosen["dataloader_num_workers"] == workers
    assert chosen["dataloader_pin_memory"]
    assert chosen["dataloader_persistent_workers"] is (workers > 0)
    TrainingArguments(output_dir="x", use_cpu=True, **chosen)
    # workers would share the rows of a stream
    stream = choose_loading({}, ROWS.to_iterable_dataset(), use_cpu=False)
    assert stream["dataloader_num_workers"] == 0


def test_what_the_spec_says_stays() -> None:
    assert choose_loading({"dataloader_num_workers": 2}, ROWS, use_cpu=True) == {}
