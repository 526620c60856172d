"""Findings that need the checkpoint, the Hub or a run directory."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("hub",): """
        The Hub does not return what the spec names.

        Why: the repository, revision or configuration does not exist, it is private, or the Hub
        cannot be reached and the file is not in the cache. The finding says which.

        Found: when the run prepares its data or its model.
    """,
    ("no-checkpoint",): """
        The checkpoint does not contain a model.

        Why: the folder of a model has a config.json. The model of a run is in its folder "model".

        Found: when the run prepares its model.
    """,
    ("unreadable-weights",): """
        The weights of a checkpoint are damaged, or the file contains more than tensors.

        Why: pickled weights can contain code. ftspec never runs it.

        Found: when the run prepares its model.
    """,
    ("unknown-architecture",): """
        The installed transformers has no architecture with this name.

        Why: "architecture" is a model type such as "gpt2". A newer transformers may have it.

        Found: when the run prepares its model.
    """,
    ("wrong-architecture",): """
        A model with this architecture cannot do the task.

        Why: for example, BERT generates no text, and T5 is not a causal language model. Use another
        checkpoint or another task.

        Found: when the run prepares its model.
    """,
    ("needs-more-than-text",): """
        A model with this architecture needs more than the tokens of a text, or a text of a certain
        length.

        Why: some models also need an image, a table or the places of words on a page. The finding
        has the message of the model.

        Found: before the run prepares its data.
    """,
    ("not-causal",): """
        The model does not learn to predict the next token.

        Why: its loss compares each output with the token at the same position, or its outputs
        depend on the tokens that follow. Such a model learns to copy its input. The heads of BART,
        Marian, Pegasus, Whisper, XLM and XLNet under AutoModelForCausalLM are of this kind, and
        BERT without "is_decoder".

        Found: when the run has loaded its model.
    """,
    ("no-tokenizer",): """
        The checkpoint does not contain a tokenizer.

        Why: many repositories contain only weights. Name another checkpoint in the tokenizer
        section, or train a tokenizer on the training text.

        Found: when the run prepares its data.
    """,
    ("no-pad-token",): """
        The tokenizer has no padding token.

        Why: the rows of a batch are padded to the same length.

        Found: when the run prepares its data.
    """,
    ("output-not-writable",): """
        ftspec cannot write to the folder for run directories.

        Why: the run could not save its results.

        Found: when the run starts.
    """,
    ("disk-too-small",): """
        The disk of the run directory has no room for one checkpoint and the model.

        Why: the run would train, and then fail to save what it has learned. A checkpoint of AdamW
        is three times as large as the weights. If only all checkpoints together do not fit, the run
        says so and starts.

        Found: when the run starts.
    """,
    ("documents-not-apart",): """
        The spec keeps packed documents apart, and the model cannot do that.

        Why: positions restart at 0 at the start of each document, and not every architecture reads
        this as a border. Attention would then cross from one document into the next.

        Found: when the run loads its model.
    """,
    ("out-of-memory",): """
        The device does not have enough memory for a single row, or for a batch that cannot be
        split.

        Why: when memory runs out, ftspec halves the batch until it fits, down to a single row. A
        batch cannot be halved if the loss of a row depends on the other rows, if DeepSpeed or FSDP
        shards the model, or if training pads its batches. Shorter rows, smaller batches, gradient
        checkpointing or a smaller model need less memory.

        Found: when the run trains, evaluates or predicts.
    """,
    ("not-sharded",): """
        The spec asks for "fsdp" or "deepspeed", and the model is not split over the processes.

        Why: each process would train the whole model instead, and transformers says nothing. One
        process, or a machine without an accelerator, is refused before any row is prepared; the
        model is looked at before the first step.

        Found: when a run starts, and before its first step.
    """,
    ("output-not-shared",): """
        A machine does not see the run directory that the first process created on another machine.

        Why: all processes of a run share one run directory and read checkpoints from it.

        Found: when a run starts with several processes.
    """,
    ("cannot-launch",): """
        The launcher of the spec, or of "--on", cannot start the processes of the run.

        Why: a launcher may be there only to print a script, or need what this machine lacks.

        Found: when a run starts, before anything is prepared.
    """,
    ("machines-differ",): """
        The spec or the prepared rows on one machine differ from those on the first machine.

        Why: the processes would train on different data, and no training step would match the spec.

        Found: when a run prepares its data in several processes.
    """,
    ("uneven-batches",): """
        The rows of "global_batch_size" cannot be divided among the processes.

        Why: a step has at least one row in each process; and where batches are padded or grouped,
        not split by length, all processes compute batches of one size.

        Found: when a run starts with several processes.
    """,
    ("lock-drift",): """
        A run is resumed with inputs that differ from the ones it started with.

        Why: the data, the model or the rows of a step have changed, so the rest of the training
        would not match its beginning. Another number of processes changes the rows of a step,
        unless the spec sets "training: {global_batch_size: …}". The status of the run stays as it
        was.

        Found: when a run is resumed.
    """,
    ("diverged",): """
        The losses or gradients of several steps in a row are no numbers, or weights are none at
        the end.

        Why: such weights never recover, so the rest of the training would be lost. The last good
        checkpoint is named. A lower learning rate, fp32 or a smaller "max_grad_norm" helps.
        The key "patience" of the callback "divergence" is the number of steps; null only reports
        it.

        Found: while a run trains.
    """,
    ("cannot-push",): """
        "push_to_hub" asks for an upload, and the Hub cannot be reached or refuses it.

        Why: ftspec creates the repository before it prepares any data, so a wrong token is found
        before training starts. If the last upload fails, the model is still in the run directory,
        and resuming the run retries the upload.

        Found: when a run starts, and when it ends.
    """,
    ("untrained-head",): """
        The checkpoint of a spec is evaluated as it is, and it was not trained for the task.

        Why: a part of the model would have random weights, or its labels are not those of the data,
        so the metrics would mean nothing.

        Found: by ftspec evaluate SPEC.
    """,
    ("generation-settings",): """
        A prediction has generation settings that it cannot use.

        Why: the settings of --generate are those of GenerationConfig of transformers. A classifier
        generates nothing, and some settings exclude others.

        Found: by ftspec predict.
    """,
    ("no-run", "no-model"): """
        The folder is not a run directory, or its run has no whole trained model.

        Why: a run that failed or has not finished has no model to predict with. The files of a
        model must have the names, sizes and hashes of its manifest.json, which is written last: a
        model without its tokenizer, or with half of its weights, would predict something else.

        Found: when a run is resumed, predicts or is exported, or when another run starts from it.
    """,
    ("run-in-use",): """
        Another process has the run.

        Why: two processes that resume one run would write over each other's checkpoints and
        metrics. The system releases a run when its process ends, however it ends. Machines that do
        not see each other's locks watch for twenty seconds whether the owner is alive. A process
        that stood still for so long, and finds its run taken, ends.

        Found: when a run is started, resumed or trained.
    """,
    ("damaged-run",): """
        A file of a run directory is missing or damaged.

        Why: "lock.json" has the data and the model that the run began with. Without it, nobody can
        tell whether the rest of the run would match its beginning. A model card shows it, too.

        Found: when a run is resumed, exported or pushed.
    """,
    ("damaged-checkpoint",): """
        No checkpoint of the run has the files that its manifest.json lists.

        Why: a run that goes on without the state of its optimizer, its scheduler or its random
        numbers would end with other weights. Usually an earlier checkpoint is whole, and the run
        goes on from that one.

        Found: when a run is resumed.
    """,
}
"""One text for each set of slugs that mean the same mistake."""
