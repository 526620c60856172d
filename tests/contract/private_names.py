"""Names that libraries keep private and that ftspec and its plugins use all the same.

A release may change such a name without notice. So each one stands here with the files that use it
and the reason why no public name does. ``tests/contract/test_private_names.py`` checks the table
against the installed libraries and against the code: a changed name fails there first, with the
file and the reason, and a name that is not in the table fails too.

A name is private if it begins with an underscore, or if it is imported from a module that is not in
``DOCUMENTED_MODULES``.
"""

from __future__ import annotations

from dataclasses import dataclass

_ENGINE = "ftspec/engine"
_EMBEDDINGS = "plugins/ftspec-embeddings/src/ftspec_embeddings"
_PREFERENCE = "plugins/ftspec-preference/src/ftspec_preference"


@dataclass(frozen=True, kw_only=True)
class PrivateName:
    """A private name of a library.

    Attributes:
        name: dotted, from the package on; an attribute may be one that only instances have.
        used_in: the files that use it, from the root of the repository.
        reason: what it is used for, and why no public name does.
        parameters: of a callable, without ``self``; after "…" there may be more. ``None`` if it is
            not called and not overridden.
    """

    name: str
    used_in: tuple[str, ...]
    reason: str
    parameters: str | None = None

    @property
    def library(self) -> str:
        """The package that has it."""
        return self.name.partition(".")[0]

    @property
    def as_written(self) -> str:
        """As the code has it: an attribute by itself, what is imported with its module."""
        last = self.name.rpartition(".")[2]
        return last if last.startswith("_") else self.name


STANDARD_NAMES = frozenset({"_asdict", "_exit", "_getframe", "_replace"})
"""Names of the standard library that are documented in spite of their underscore."""

DOCUMENTED_MODULES = frozenset(
    {
        "accelerate",
        "accelerate.utils",
        "datasets",
        "datasets.exceptions",
        "datasets.fingerprint",
        "evaluate",
        "huggingface_hub",
        "huggingface_hub.errors",
        "huggingface_hub.utils",
        "peft",
        "peft.utils",
        "safetensors",
        "safetensors.torch",
        "sentence_transformers",
        "sentence_transformers.sentence_transformer",
        "sentence_transformers.sentence_transformer.modules",
        "tokenizers",
        "torch",
        "torch.distributed",
        "torch.distributed.elastic.multiprocessing",
        "torch.distributed.elastic.multiprocessing.errors",
        "torch.distributed.fsdp",
        "torch.distributed.tensor",
        "torch.nn",
        "torch.nn.parallel",
        "torch.nn.utils.rnn",
        "torch.utils.data",
        "torch.utils.hooks",
        "torch.utils.tensorboard",
        "torch.utils.tensorboard.summary",
        "torchmetrics",
        "torchmetrics.functional.text",
        "transformers",
        "transformers.integrations",
        "transformers.utils",
        "trl",
    }
)
"""The modules from which the documentation of the libraries says to import."""

_TRAINER = (
    # the training loop
    PrivateName(
        name="transformers.Trainer._run_epoch",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="a resumed run that has made all its steps must begin no epoch; no callback is "
        "called before one",
        parameters="model, epoch, train_dataloader, steps_in_epoch, num_update_steps_per_epoch, "
        "trial, ignore_keys_for_eval, start_time, resume_from_checkpoint, epochs_trained, "
        "steps_trained_in_current_epoch",
    ),
    PrivateName(
        name="transformers.Trainer._get_num_items_in_batch",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="the task counts the items of a step; transformers would count labels, and "
        "get_batch_samples has no option against it",
        parameters="batch_samples, device",
    ),
    PrivateName(
        name="transformers.Trainer._track_num_input_tokens",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="processes with unequal numbers of micro-batches would wait for each other for "
        "ever; include_num_input_tokens_seen has no other place",
        parameters="inputs",
    ),
    PrivateName(
        name="transformers.Trainer._tr_loss",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="the sum of losses since the last log, which a loss that is not a number is "
        "replaced by the mean of; only logs have it otherwise",
    ),
    PrivateName(
        name="transformers.Trainer._get_grad_norm",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="the norm of the gradient on the device; callbacks see it only in logs",
        parameters="model, grad_norm",
    ),
    PrivateName(
        name="transformers.Trainer._determine_best_metric",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="a model without a loss must not become the best; no callback decides that",
        parameters="metrics, trial",
    ),
    PrivateName(
        name="torch.amp.GradScaler._scale",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="the scale on the device; get_scale waits for the device",
    ),
    PrivateName(
        name="transformers.Trainer._globalstep_last_logged",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="the step of the last log, to get that mean, and to go on from it",
    ),
    PrivateName(
        name="transformers.Trainer._train_batch_size",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="the rows of a batch on one process, where several devices share them unevenly",
    ),
    PrivateName(
        name="transformers.Trainer._total_loss_scalar",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="the sum of all losses, which the Trainer begins again when a run is resumed",
    ),
    PrivateName(
        name="transformers.trainer_callback.ExportableState",
        used_in=(f"{_ENGINE}/callbacks/loss_sums.py",),
        reason="what a callback keeps in a checkpoint",
    ),
    PrivateName(
        name="accelerate.state.GradientState._set_sync_gradients",
        used_in=(f"{_ENGINE}/trainer/micro_batching.py",),
        reason="DeepSpeed steps after the last micro-batch of a step; accelerator.accumulate "
        "counts batches of the loader instead",
        parameters="sync_gradients",
    ),
    PrivateName(
        name="torch.overrides.TorchFunctionMode",
        used_in=(f"{_ENGINE}/trainer/without_randomness.py",),
        reason="a model in training mode without dropout and noise, which call functions of torch; "
        "modules with dropout can be switched off, functions cannot",
    ),
    # batches
    PrivateName(
        name="transformers.Trainer._prepare_inputs",
        used_in=(
            f"{_ENGINE}/trainer/equivalence.py",
            f"{_ENGINE}/trainer/next_token.py",
            f"{_ENGINE}/trainer/trainer.py",
            f"{_ENGINE}/trainer/trial.py",
            f"{_EMBEDDINGS}/trainer.py",
            f"{_PREFERENCE}/trainer.py",
        ),
        reason="a batch on the device and in the numbers that training uses, DeepSpeed's too; "
        "training_step and prediction_step do it and then compute",
        parameters="inputs",
    ),
    PrivateName(
        name="transformers.Trainer._get_train_sampler",
        used_in=(f"{_ENGINE}/trainer/loaders.py",),
        reason="rows in the order of the plain Trainer, for train_sampling_strategy and data_seed",
        parameters="train_dataset",
    ),
    PrivateName(
        name="transformers.trainer_utils.seed_worker",
        used_in=(f"{_ENGINE}/trainer/loaders.py",),
        reason="workers with the seeds that those of the plain Trainer have",
        parameters="worker_id, num_workers, rank",
    ),
    PrivateName(
        name="transformers.trainer_pt_utils.get_length_grouped_indices",
        used_in=(f"{_ENGINE}/batching/sampler.py",),
        reason="group_by_length as transformers computes it; its LengthGroupedSampler draws from "
        "the generator that dropout uses too",
        parameters="lengths, batch_size, mega_batch_mult, generator",
    ),
    PrivateName(
        name="accelerate.data_loader.prepare_data_loader",
        used_in=(f"{_ENGINE}/trainer/loaders.py",),
        reason="a loader of rows that are this process's own; accelerator.prepare would divide "
        "them among the processes again",
        parameters="dataloader, device, num_processes, process_index, split_batches, "
        "put_on_device, rng_types, dispatch_batches, even_batches, slice_fn_for_dispatch, "
        "use_seedable_sampler, data_seed, non_blocking, use_stateful_dataloader, …",
    ),
    PrivateName(
        name="accelerate.data_loader.IterableDatasetShard",
        used_in=(f"{_ENGINE}/trainer/loaders.py",),
        reason="the rows of a stream that are this process's own",
        parameters="dataset, batch_size, drop_last, num_processes, process_index, split_batches",
    ),
    PrivateName(
        name="torch.utils.data.DataLoader._iterator",
        used_in=(f"{_ENGINE}/trainer/loaders.py",),
        reason="the iterator that holds persistent workers; DataLoader has no method to end them",
    ),
    PrivateName(
        name="torch.utils.data.dataloader._MultiProcessingDataLoaderIter._shutdown_workers",
        used_in=(f"{_ENGINE}/trainer/loaders.py",),
        reason="ends these workers at once; the garbage collector waits five seconds for each",
        parameters="",
    ),
    # evaluation and memory
    PrivateName(
        name="transformers.trainer_pt_utils.nested_concat",
        used_in=(f"{_ENGINE}/batching/joined_outputs.py",),
        reason="parts of a batch are joined as the Trainer joins batches",
        parameters="tensors, new_tensors, padding_index",
    ),
    PrivateName(
        name="transformers.trainer_utils.EvalLoopOutput",
        used_in=(f"{_ENGINE}/trainer/evaluation.py", f"{_ENGINE}/trainer/trainer.py"),
        reason="what evaluation_loop returns",
        parameters="predictions, label_ids, metrics, num_samples",
    ),
    PrivateName(
        name="transformers.trainer_utils.TrainOutput",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="what train returns",
        parameters="global_step, training_loss, metrics",
    ),
    PrivateName(
        name="accelerate.utils.memory.should_reduce_batch_size",
        used_in=(f"{_ENGINE}/batching/out_of_memory.py",),
        reason="tells errors of memory from others; find_executable_batch_size would compute a "
        "whole function again",
        parameters="exception",
    ),
    PrivateName(
        name="accelerate.utils.memory.clear_device_cache",
        used_in=(f"{_ENGINE}/batching/out_of_memory.py",),
        reason="empties the cache of whichever device there is; release_memory needs the tensors",
        parameters="garbage_collection",
    ),
    # files
    PrivateName(
        name="transformers.Trainer._save",
        used_in=(
            f"{_ENGINE}/trainer/trainer.py",
            f"{_EMBEDDINGS}/trainer.py",
            f"{_PREFERENCE}/trainer.py",
        ),
        reason="what of a model is written, for checkpoints too; save_model decides only which "
        "process writes",
        parameters="output_dir, state_dict",
    ),
    PrivateName(
        name="transformers.Trainer._save_checkpoint",
        used_in=(f"{_ENGINE}/trainer/trainer.py",),
        reason="removes older checkpoints before the new one is on the disk; ftspec writes a "
        "manifest in between",
        parameters="model, trial",
    ),
    PrivateName(
        name="transformers.trainer_utils.rotate_checkpoints",
        used_in=(f"{_ENGINE}/trainer/saving.py",),
        reason="the rule for which checkpoints stay",
        parameters="output_dir, save_total_limit, best_model_checkpoint, use_mtime, "
        "checkpoint_prefix",
    ),
    PrivateName(
        name="transformers.trainer_utils.PREFIX_CHECKPOINT_DIR",
        used_in=(f"{_ENGINE}/hub/push.py",),
        reason="the names of the folders of checkpoints",
    ),
    PrivateName(
        name="transformers.trainer_utils.HubStrategy",
        used_in=(f"{_ENGINE}/hub/push.py",),
        reason="the type of TrainingArguments.hub_strategy",
    ),
)

_MODELS = (
    PrivateName(
        name="transformers.PreTrainedModel._init_weights",
        used_in=(f"{_ENGINE}/model/head.py",),
        reason="a head with other labels than that of the checkpoint starts with new weights; "
        "from_pretrained leaves out only weights of another shape",
        parameters="module",
    ),
    PrivateName(
        name="transformers.PretrainedConfig._attn_implementation",
        used_in=(
            "ftspec/builtin/tasks/documents.py",
            f"{_ENGINE}/model/attention.py",
            f"{_ENGINE}/model/config.py",
        ),
        reason="the attention that a model computes with; set_attn_implementation can set it, "
        "and nothing public reads it",
    ),
    PrivateName(
        name="transformers.PreTrainedModel._supports_flash_attn",
        used_in=(f"{_ENGINE}/model/attention.py", f"{_ENGINE}/trainer/packing.py"),
        reason="whether a model passes on what flash attention needs; the public way is to try "
        "it, on a GPU with flash-attn",
    ),
    PrivateName(
        name="torch.ops.aten._flash_attention_forward",
        used_in=(f"{_ENGINE}/model/variable_length_attention.py",),
        reason="the kernel of variable length with dropout; torch.nn.attention.varlen calls it "
        "too, without",
        parameters="query, key, value, cum_seq_q, cum_seq_k, max_q, max_k, dropout_p, is_causal, "
        "return_debug_mask, scale, window_size_left, window_size_right, …",
    ),
    PrivateName(
        name="transformers.masking_utils.bidirectional_mask_function",
        used_in=(f"{_ENGINE}/model/variable_length_attention.py",),
        reason="how a mask function sees that an encoder asks for its mask",
        parameters="batch_idx, head_idx, q_idx, kv_idx",
    ),
)

_DATA = (
    PrivateName(
        name="datasets.arrow_writer.OptimizedTypedSequence",
        used_in=(f"{_ENGINE}/data/encoding.py",),
        reason="the types that datasets would store columns of ids and masks in",
        parameters="data, type, try_type, col, optimized_int_type, …",
    ),
    PrivateName(
        name="datasets.arrow_writer.ArrowWriter",
        used_in=(f"{_ENGINE}/data/stored_stream.py",),
        reason="writes the rows of a stream to a file as they come, without holding them",
    ),
    PrivateName(
        name="datasets.packaged_modules.cache.cache.Cache",
        used_in=("ftspec/builtin/sources/hub.py",),
        reason="how a builder shows that the Hub gave nothing and the cache is used",
    ),
    PrivateName(
        name="transformers.tokenization_utils_base.TruncationStrategy",
        used_in=("ftspec/builtin/tasks/tokenizing.py",),
        reason="what set_truncation_and_padding of a fast tokenizer takes",
    ),
    PrivateName(
        name="transformers.PreTrainedTokenizerFast._encode_plus",
        used_in=("ftspec/builtin/tasks/tokenizing.py",),
        reason="whether a tokenizer encodes in its own way, so that its backend must not be "
        "called directly",
    ),
    PrivateName(
        name="transformers.PreTrainedTokenizerBase._switch_to_input_mode",
        used_in=("ftspec/builtin/tasks/tokenizing.py",),
        reason="whether a tokenizer marks inputs in its own way",
    ),
    PrivateName(
        name="transformers.PreTrainedTokenizerBase._switch_to_target_mode",
        used_in=("ftspec/builtin/tasks/seq2seq.py",),
        reason="whether a tokenizer marks targets in its own way",
    ),
    PrivateName(
        name="evaluate.Metric._compute",
        used_in=("ftspec/builtin/metrics/classification.py", "ftspec/metrics.py"),
        reason="its documentation says to override it in a metric of one's own",
        parameters="predictions, references, kwargs",
    ),
    PrivateName(
        name="evaluate.Metric._info",
        used_in=("ftspec/metrics.py",),
        reason="its documentation says to override it in a metric of one's own",
        parameters="",
    ),
)

_PLUGINS = (
    PrivateName(
        name="transformers.Trainer._load_from_checkpoint",
        used_in=(f"{_EMBEDDINGS}/trainer.py",),
        reason="the weights of a checkpoint belong to the model inside a SentenceTransformer",
        parameters="resume_from_checkpoint, model",
    ),
    PrivateName(
        name="transformers.Trainer._load_best_model",
        used_in=(f"{_EMBEDDINGS}/trainer.py",),
        reason="so do those of the best checkpoint",
        parameters="",
    ),
    PrivateName(
        name="sentence_transformers.base.modules.transformer.Transformer",
        used_in=(f"{_EMBEDDINGS}/model.py",),
        reason="the class of a module that a saved model names",
    ),
    PrivateName(
        name="sentence_transformers.base.modules.transformer.Transformer._load_model",
        used_in=(f"{_EMBEDDINGS}/model.py",),
        reason="a model that is in memory; the library only reads one from a folder",
        parameters="model_name_or_path, transformer_task, config, backend, is_peft_model, "
        "model_kwargs",
    ),
    PrivateName(
        name="transformers.utils.chat_template_utils.render_jinja_template",
        used_in=(f"{_PREFERENCE}/chat_template.py",),
        reason="renders a conversation with the places that the template marks, and makes no "
        "tokens: apply_chat_template makes them at once, of a text of any size",
        parameters="conversations, tools, documents, chat_template, "
        "return_assistant_tokens_mask, …",
    ),
    PrivateName(
        name="trl.chat_template_utils.get_training_chat_template",
        used_in=(f"{_PREFERENCE}/training_template.py",),
        reason="the variant of a chat template that keeps earlier answers as they are; trl has it "
        "in no other place",
        parameters="processing_class, tokenizer",
    ),
    PrivateName(
        name="trl.trainer.dpo_trainer.DataCollatorForPreference",
        used_in=(f"{_PREFERENCE}/preference.py",),
        reason="pads rows as DPOTrainer expects them; trl has it in no other place",
        parameters="pad_token_id, max_length, truncation_mode, pad_to_multiple_of, return_tensors",
    ),
    PrivateName(
        name="trl.DPOTrainer._prepare_dataset",
        used_in=(f"{_PREFERENCE}/trainer.py",),
        reason="the rows are tokenized already, and DPOTrainer has no option to leave them as "
        "they are",
        parameters="dataset, processing_class, args, dataset_name",
    ),
    PrivateName(
        name="trl.DPOTrainer._send_telemetry",
        used_in=(f"{_PREFERENCE}/trainer.py",),
        reason="ftspec sends nothing about a run; HF_HUB_DISABLE_TELEMETRY is for the whole "
        "process",
        parameters="",
    ),
    PrivateName(
        name="trl.DPOTrainer._metrics",
        used_in=(f"{_PREFERENCE}/trainer.py",),
        reason="trl logs means over batches, whatever their rows; they must be weighted by rows",
    ),
)

_HUB = (
    PrivateName(
        name="huggingface_hub.utils._http._GLOBAL_CLIENT_FACTORY",
        used_in=(f"{_ENGINE}/patches/patient_hub.py",),
        reason="the factory that the user set for proxies or certificates stays in use, and is set "
        "again at the end; set_client_factory does not return the previous one",
    ),
    PrivateName(
        name="huggingface_hub.file_download._download_to_tmp_and_move",
        used_in=(f"{_ENGINE}/patches/verified_downloads.py",),
        reason="where a file enters the cache; every public function returns when it is there, and "
        "another process may use it by then",
        parameters="incomplete_path, destination_path, url_to_download, headers, expected_size, "
        "filename, force_download, etag, xet_file_data, tqdm_class, …",
    ),
)

_METRICS = (
    PrivateName(
        name="sacrebleu.metrics.base.Metric._extract_corpus_statistics",
        used_in=("ftspec/builtin/metrics/text.py",),
        reason="the statistics of each text, of which the library sums up resamples; its public "
        "bootstrap draws other rows for each metric and has another seed",
        parameters="hypotheses, references",
    ),
    PrivateName(
        name="sacrebleu.metrics.base.Metric._compute_score_from_stats",
        used_in=("ftspec/builtin/metrics/text.py",),
        reason="the score of sums of these statistics",
        parameters="stats",
    ),
)

PRIVATE_NAMES: tuple[PrivateName, ...] = (
    *_TRAINER,
    *_MODELS,
    *_DATA,
    *_PLUGINS,
    *_HUB,
    *_METRICS,
)
"""All of them, by what they are used for."""
