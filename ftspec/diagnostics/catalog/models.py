"""Findings that need the checkpoint, the Hub or a run directory."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("hub",): """
        The Hub does not give what the spec names.

        Why: there is no such repository, revision or configuration, it is private, or the Hub
        cannot be reached and the cache does not hold it. The finding says which.

        Found: when the run prepares its data or its model.
    """,
    ("no-checkpoint",): """
        There is no model where the checkpoint points.

        Why: a folder of a model has a config.json. That of a run is its folder "model".

        Found: when the run prepares its model.
    """,
    ("unreadable-weights",): """
        The weights of a checkpoint are damaged, or hold more than tensors.

        Why: pickled weights can hold code, and none of it is ever run.

        Found: when the run prepares its model.
    """,
    ("unknown-architecture",): """
        The installed transformers has no architecture of that name.

        Why: "architecture" is a model type such as "gpt2"; a newer transformers may have it.

        Found: when the run prepares its model.
    """,
    ("wrong-architecture",): """
        A model of this family cannot do the task.

        Why: BERT generates no text, and T5 is no causal language model: another checkpoint or
        another task is meant.

        Found: when the run prepares its model.
    """,
    ("no-tokenizer",): """
        There is no tokenizer where the checkpoint points.

        Why: many repositories of weights have none. Name another checkpoint in the tokenizer
        section, or learn one from the training text.

        Found: when the run prepares its data.
    """,
    ("no-pad-token",): """
        The tokenizer has no token to pad with.

        Why: the rows of a batch are padded to the same length.

        Found: when the run prepares its data.
    """,
    ("output-not-writable",): """
        The folder for run directories cannot be written.

        Why: the results of hours would have no place to go.

        Found: when the run starts.
    """,
    ("documents-not-apart",): """
        Packed documents are not to see each other, and the model cannot keep them apart.

        Why: not every architecture takes positions that begin anew for the borders of documents,
        and what the one before says would show in the next.

        Found: when the run loads its model.
    """,
    ("out-of-memory",): """
        The memory of the device is too small for a single row, or for a batch that cannot be made
        smaller.

        Why: when memory runs out, batches are halved until they fit, and one row is the least
        there is. They cannot be halved where their rows belong together, where DeepSpeed or FSDP
        shards the model, and in training that pads its batches. Shorter rows, smaller batches,
        gradient checkpointing or a smaller model need less.

        Found: when the run trains, evaluates or predicts.
    """,
    ("output-not-shared",): """
        A machine does not see the run directory that the first process made on another.

        Why: the processes of a run have one run directory, from which each reads checkpoints.

        Found: when a run begins in several processes.
    """,
    ("machines-differ",): """
        The spec on a machine, or the rows that it prepared, are not those of the first machine.

        Why: the processes of a run would learn different things, and the steps of none of them
        would be what the spec says.

        Found: when a run prepares its data in several processes.
    """,
    ("lock-drift",): """
        What a run is resumed with is not what it started with.

        Why: data, model, packages or the number of processes have changed since, and the rest of
        the training would not belong to its beginning.

        Found: when a run is resumed.
    """,
    ("cannot-push",): """
        "push_to_hub" asks for an upload, and the Hub cannot be reached or refuses it.

        Why: the repository is made before any data is prepared, so that a wrong token costs no
        training. Where the last upload fails, the model is saved in the run directory, and
        resuming the run tries the upload again.

        Found: when a run begins, and when it ends.
    """,
    ("no-run", "no-model"): """
        The folder is no run directory, or the run in it has no trained model.

        Why: a run that failed or goes on has nothing to predict with yet.

        Found: when a run is resumed, or predicts.
    """,
}
"""By the slugs that mean the same mistake, in the form of an explanation."""
