"""Checkpoints that are whole or not used: a manifest is written last, and older checkpoints are
removed only then."""

from __future__ import annotations

from pathlib import Path

from transformers import Trainer
from transformers.trainer_utils import rotate_checkpoints

from ftspec.manifest import write_manifest


def complete_checkpoint(trainer: Trainer, limit: int | None) -> None:
    """Write the manifest of the checkpoint of this step, then remove what is over the limit. All
    processes call it.

    Args:
        trainer: it has just written the files of the checkpoint.
        limit: the number of checkpoints to keep; all without it.

    Raises:
        OSError: a file cannot be read or written.
    """
    trainer.accelerator.wait_for_everyone()  # each process writes files of its own
    if not trainer.args.should_save:
        return
    folder = Path(str(trainer.args.output_dir))
    checkpoint = folder / f"checkpoint-{trainer.state.global_step}"
    write_manifest(checkpoint)
    rotate_checkpoints(
        output_dir=str(folder),
        save_total_limit=limit,
        best_model_checkpoint=trainer.state.best_model_checkpoint,
        use_mtime=True,
    )
