"""No TrainingArguments are pickled, and torch.save is torch's own again afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import TrainingArguments

from ftspec.engine.patches.pickled_arguments import no_pickled_arguments


def test_all_but_arguments_is_saved(tmp_path: Path) -> None:
    weights, arguments = tmp_path / "weights.pt", tmp_path / "training_args.bin"
    with no_pickled_arguments():
        torch.save({"bias": torch.ones(2)}, weights)
        torch.save(TrainingArguments(output_dir=str(tmp_path), use_cpu=True), arguments)
    assert torch.load(weights)["bias"].tolist() == [1, 1]
    assert not arguments.exists()


def test_torch_saves_as_before_afterwards(tmp_path: Path) -> None:
    save = torch.save
    with no_pickled_arguments():
        assert torch.save is not save
    assert torch.save is save
    with pytest.raises(OSError, match="disk full"), no_pickled_arguments(), no_pickled_arguments():
        raise OSError("disk full")
    assert torch.save is save
