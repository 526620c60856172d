"""The words of other tools for what the spec language says: AutoTrain, axolotl, LLaMA-Factory, TRL,
the example scripts of transformers, and Keras-like trainers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ftspec.spec.training_names import OWNED_ARGUMENTS, RENAMED_ARGUMENTS


class Advice(NamedTuple):
    """A line of help, and the key that can replace the word as it stands."""

    text: str
    replacement: str | None = None


SAME: Mapping[str, str] = {
    "source_language": "tokenizer.src_lang",
    "source_lang": "tokenizer.src_lang",
    "target_language": "tokenizer.tgt_lang",
    "target_lang": "tokenizer.tgt_lang",
    "forced_bos_token": "tokenizer.tgt_lang",
    "adam_eps": "training.adam_epsilon",
    "base_model": "model.checkpoint",
    "base_model_name_or_path": "model.checkpoint",
    "beam_size": "task.num_beams",
    "clip_grad_norm": "training.max_grad_norm",
    "cutoff_len": "tokenizer.max_length",
    "early_stopping_patience": "callbacks.patience",
    "early_stopping_threshold": "callbacks.threshold",
    "effective_batch_size": "training.global_batch_size",
    "epochs": "training.num_train_epochs",
    "eval_batch_size": "training.per_device_eval_batch_size",
    "evaluation_steps": "training.eval_steps",
    "experiment_name": "name",
    "grad_accum": "training.gradient_accumulation_steps",
    "grad_accum_steps": "training.gradient_accumulation_steps",
    "grad_clip": "training.max_grad_norm",
    "gradient_accumulation": "training.gradient_accumulation_steps",
    "gradient_clip_val": "training.max_grad_norm",
    "gradient_clipping": "training.max_grad_norm",
    "label_all_tokens": "task.label_all_pieces",
    "label_smoothing": "training.label_smoothing_factor",
    "log_steps": "training.logging_steps",
    "lora_alpha": "model.adapter.alpha",
    "lora_bias": "model.adapter.bias",
    "lora_dropout": "model.adapter.dropout",
    "lora_modules_to_save": "model.adapter.modules_to_save",
    "lora_r": "model.adapter.r",
    "lora_rank": "model.adapter.r",
    "lora_target": "model.adapter.target_modules",
    "lora_target_modules": "model.adapter.target_modules",
    "lr": "training.learning_rate",
    "lr_scheduler": "training.lr_scheduler_type",
    "max_answer_len": "task.max_answer_length",
    "max_epochs": "training.num_train_epochs",
    "max_len": "tokenizer.max_length",
    "max_output_length": "tokenizer.max_target_length",
    "max_seq_len": "tokenizer.max_length",
    "max_seq_length": "tokenizer.max_length",
    "max_source_length": "tokenizer.max_length",
    "max_train_steps": "training.max_steps",
    "micro_batch_size": "training.per_device_train_batch_size",
    "mixed_precision": "performance.precision",
    "model_max_length": "tokenizer.max_length",
    "model_name": "model.checkpoint",
    "model_name_or_path": "model.checkpoint",
    "model_path": "model.checkpoint",
    "model_revision": "model.revision",
    "n_best_size": "task.n_best",
    "n_epochs": "training.num_train_epochs",
    "neftune_alpha": "training.neftune_noise_alpha",
    "num_epochs": "training.num_train_epochs",
    "num_steps": "training.max_steps",
    "num_warmup_steps": "training.warmup_steps",
    "num_workers": "training.dataloader_num_workers",
    "optimizer": "training.optim",
    "pref_beta": "task.beta",
    "pref_loss": "task.loss_type",
    "pretrained_model": "model.checkpoint",
    "pretrained_model_name_or_path": "model.checkpoint",
    "project": "name",
    "project_name": "name",
    "random_seed": "seed",
    "sample_packing": "task.packing",
    "scheduler": "training.lr_scheduler_type",
    "scheduler_type": "training.lr_scheduler_type",
    "seq_len": "tokenizer.max_length",
    "seq_length": "tokenizer.max_length",
    "sequence_len": "tokenizer.max_length",
    "sequence_length": "tokenizer.max_length",
    "source_max_length": "tokenizer.max_length",
    "target_max_length": "tokenizer.max_target_length",
    "tokenizer_name": "tokenizer.checkpoint",
    "tokenizer_name_or_path": "tokenizer.checkpoint",
    "torch_dtype": "model.dtype",
    "total_batch_size": "training.global_batch_size",
    "total_steps": "training.max_steps",
    "train_batch_size": "training.per_device_train_batch_size",
    "val_max_target_length": "tokenizer.max_target_length",
    "valid_batch_size": "training.per_device_eval_batch_size",
    "warmup": "training.warmup_steps",
    "weight_decay_rate": "training.weight_decay",
}
"""Another name for the same setting, and its path here. A key of ``callbacks`` is in the list."""

_LORA = "{checkpoint: …, adapter: {type: lora, %s}}"
_EARLY = 'write "callbacks: [{type: early-stopping, %s}]"'
_TEMPLATE = 'write "preprocess: {template: {%s}}"'
_HUB = 'write "data: {source: {type: hub, path: …}}"'
_FILES = 'write "data: {source: {type: json, files: {%s: …}}}", or "type: csv"'
_HELD_OUT = 'write "data: {splits: {%s: {from: train, fraction: …}}}"'
_SPLIT = 'write "data: {splits: {%s: …}}"'
_ROWS = 'write a slice: "data: {splits: {%s}}"'

TOLD: Mapping[str, str] = {
    **{
        word: f'write "model: {_LORA % keys}", which needs the package ftspec-peft'
        for word, keys in {
            "finetuning_type": "r: …",
            "lora": "r: …",
            "lora_alpha": "alpha: …",
            "lora_bias": "bias: …",
            "lora_dropout": "dropout: …",
            "lora_modules_to_save": "modules_to_save: …",
            "lora_r": "r: …",
            "lora_rank": "r: …",
            "lora_target": "target_modules: …",
            "lora_target_linear": "target_modules: all-linear",
            "lora_target_modules": "target_modules: …",
            "peft": "r: …",
            "target_modules": "target_modules: …",
            "use_dora": "use_dora: true",
            "use_peft": "r: …",
            "use_rslora": "use_rslora: true",
            "load_in_4bit": "quantization: nf4",
            "load_in_8bit": "quantization: int8",
            "quantization": "quantization: nf4",
            "quantization_bit": "quantization: nf4",
        }.items()
    },
    "early_stopping": _EARLY % "patience: …",
    "early_stopping_patience": _EARLY % "patience: …",
    "early_stopping_threshold": _EARLY % "threshold: …",
    "patience": _EARLY % "patience: …",
    "batch_size": 'write "training: {global_batch_size: …}", the rows of a step',
    "dataset": _HUB,
    "dataset_name": _HUB,
    "dataset_path": _HUB,
    "datasets": _HUB,
    "data_path": _HUB + ", or a source of files",
    "train_dataset": _HUB,
    "dataset_config": 'write "data: {source: {type: hub, path: …, name: …}}"',
    "dataset_config_name": 'write "data: {source: {type: hub, path: …, name: …}}"',
    "dataset_streaming": 'write "data: {source: {type: hub, path: …, streaming: true}}"',
    "streaming": 'write "data: {source: {type: hub, path: …, streaming: true}}"',
    "data_files": _FILES % "train",
    "train_file": _FILES % "train",
    "validation_file": _FILES % "validation",
    "test_file": _FILES % "test",
    "train_data": _FILES % "train",
    "eval_data": _FILES % "validation",
    "valid_data": _FILES % "validation",
    "eval_dataset": _SPLIT % "validation",
    "test_dataset": _SPLIT % "test",
    "test_datasets": _SPLIT % "test",
    "train_split": _SPLIT % "train",
    "dataset_train_split": _SPLIT % "train",
    "valid_split": _SPLIT % "validation",
    "eval_split": _SPLIT % "validation",
    "validation_split": _SPLIT % "validation",
    "test_split": _SPLIT % "test",
    "dataset_test_split": _SPLIT % "validation",
    "val_set_size": _HELD_OUT % "validation",
    "val_size": _HELD_OUT % "validation",
    "val_split": _HELD_OUT % "validation",
    "validation_size": _HELD_OUT % "validation",
    "validation_split_percentage": _HELD_OUT % "validation",
    "eval_size": _HELD_OUT % "validation",
    "test_size": _HELD_OUT % "test",
    "max_samples": _ROWS % "train: 'train[:1000]'",
    "max_train_samples": _ROWS % "train: 'train[:1000]'",
    "max_eval_samples": _ROWS % "validation: 'validation[:1000]'",
    "max_val_samples": _ROWS % "validation: 'validation[:1000]'",
    "max_predict_samples": _ROWS % "test: 'test[:1000]'",
    "column_mapping": _TEMPLATE % "text: '{…}'",
    "dataset_text_field": _TEMPLATE % "text: '{…}'",
    "text_column": _TEMPLATE % "text: '{…}'",
    "text_column_name": _TEMPLATE % "text: '{…}'",
    "text_column_names": _TEMPLATE % "text: '{…}'",
    "text_field": _TEMPLATE % "text: '{…}'",
    "label_column": _TEMPLATE % "text: '{…}', label: '{…}'",
    "label_column_name": _TEMPLATE % "text: '{…}', label: '{…}'",
    "sentence_column": _TEMPLATE % "text: '{…}'",
    "summary_column": _TEMPLATE % "source: '{…}', target: '{…}'",
    "target_column": _TEMPLATE % "source: '{…}', target: '{…}'"
    + ', or "label" for a classification',
    "source_prefix": _TEMPLATE % "source: 'summarize: {…}', target: '{…}'",
    "prefix": _TEMPLATE % "source: 'summarize: {…}', target: '{…}'",
    "block_size": 'write "tokenizer: {max_length: …}"; blocks of text-generation have this length',
    "max_length": 'write "tokenizer: {max_length: …}"',
    "max_target_length": 'write "tokenizer: {max_target_length: …}"',
    "max_new_tokens": 'write "max_new_tokens" in the task section',
    "num_beams": 'write "num_beams" in the task section',
    "packing": 'write "packing" in the task section',
    "beta": 'write "beta" in the task section',
    "neat_packing": 'write "task: {type: text-generation, packing: true, '
    'cross_document_attention: false}"',
    "multipack": 'write "task: {type: text-generation, packing: true}"',
    "train_from_scratch": 'write "model: {checkpoint: …, init: random}"',
    "stage": 'write "task": "chat" for sft, "preference" for dpo, "text-generation" for pt',
    "rl": 'write "task: {type: preference}" for dpo, which needs the package ftspec-preference',
    "task_type": 'write "task: {type: …}"',
    "problem_type": 'write "task: {type: text-classification, problem: …}"',
    "num_labels": 'remove it; the labels are counted. Their names go to "labels" in the task '
    "section",
    "id2label": 'write the names as "labels" in the task section',
    "label2id": 'write the names as "labels" in the task section',
    "label_list": 'write "labels" in the task section',
    "class_names": 'write "labels" in the task section',
    "labels": 'write "labels" in the task section',
    "tokenizer_type": "remove it; the checkpoint says which tokenizer it has",
    "use_fast": "remove it; ftspec uses the fast tokenizer",
    "use_fast_tokenizer": "remove it; ftspec uses the fast tokenizer",
    "pad_to_max_length": "remove it; ftspec does not pad to a fixed length",
    "pad_to_sequence_len": "remove it; ftspec does not pad to a fixed length",
    "padding": "remove it; ftspec pads only where it must",
    "truncation": 'remove it; texts are cut at "tokenizer.max_length"',
    "max_tokens": 'write "tokenizer: {max_length: …}"',
    "num_proc": "remove it; ftspec chooses the number of processes",
    "preprocessing_num_workers": "remove it; ftspec chooses the number of processes",
    "dataset_num_proc": "remove it; ftspec chooses the number of processes",
    "dataset_processes": "remove it; ftspec chooses the number of processes",
    "overwrite_cache": 'remove it; "ftspec cache rm" removes prepared rows',
    "cache_dir": "remove it; HF_HOME in the environment says where downloads go",
    "plot_loss": "remove it; the report of a run has the curve of the loss",
    "flash_attention": "remove it; ftspec uses the fastest attention that the machine has",
    "flash_attn": "remove it; ftspec uses the fastest attention that the machine has",
    "sdp_attention": "remove it; ftspec uses the fastest attention that the machine has",
    "xformers_attention": "remove it; ftspec uses the fastest attention that the machine has",
    "attn_implementation": 'write "model: {checkpoint: …, config: {attn_implementation: …}}"',
    "dropout": 'write the key of the model\'s configuration in "model.config", such as '
    '"hidden_dropout_prob"',
    "rope_scaling": 'write "model: {checkpoint: …, config: {rope_scaling: …}}"',
    "enable_liger_kernel": 'write "training: {use_liger_kernel: true}"',
    "gradient_checkpoint": 'write "training: {gradient_checkpointing: true}"',
    "amp": 'write "performance: {precision: …}"',
    "auto_resume_from_checkpoints": "pass --resume auto to ftspec run",
    "resume": "pass --resume RUN_DIR to ftspec run",
    "lora_model_dir": 'write the run directory as "model.checkpoint"',
    "adapter_name_or_path": 'write the run directory as "model.checkpoint"',
    "merge_adapter": 'run "ftspec export --merge" after training',
    "merge_lora": 'run "ftspec export --merge" after training',
    "export_dir": 'run "ftspec export RUN_DIR OUTPUT" after training',
    "token": 'write "training: {hub_token: \'${env:HF_TOKEN}\'}", or log in with "hf auth login"',
    "use_auth_token": 'remove it; log in with "hf auth login"',
    "username": 'write "training: {hub_model_id: owner/name}"',
    "repo_id": 'write "training: {hub_model_id: owner/name}"',
    "devices": "remove it; torchrun sets the number of processes",
    "num_processes": "remove it; torchrun sets the number of processes",
    "n_gpu": "remove it; torchrun sets the number of processes",
    "shuffle": "remove it; ftspec shuffles the training rows",
    "eval_every": 'write "training: {eval_strategy: steps, eval_steps: …}"',
    "evals_per_epoch": 'write "training: {eval_strategy: epoch}", or "steps" with "eval_steps"',
    "saves_per_epoch": 'write "training: {save_strategy: epoch}", or "steps" with "save_steps"',
    "save_every": 'write "training: {save_strategy: steps, save_steps: …}"',
    "save_best": 'write "callbacks: [best-model]"',
    "log_every": 'write "training: {logging_steps: …}"',
    "log_interval": 'write "training: {logging_steps: …}"',
    "betas": 'write "training: {adam_beta1: …, adam_beta2: …}"',
    "momentum": "write \"training: {optim: sgd, optim_args: 'momentum=0.9'}\"",
    "version_2_with_negative": "remove it; rows without answers are read as they are",
    "null_score_diff_threshold": 'write "null_score_threshold" in the task section',
    "doc_stride": 'write "doc_stride" in the task section',
}
"""Another name for a setting that is written differently here, and what to write."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "16": ("fp16",),
    "16_mixed": ("fp16",),
    "32": ("fp32",),
    "32_true": ("fp32",),
    "adamw": ("adamw_torch",),
    "adamw_apex_fused": ("adamw_torch_fused",),
    "adamw_hf": ("adamw_torch",),
    "bf16_mixed": ("bf16",),
    "bfloat16": ("bf16",),
    "cosine_with_warmup": ("cosine",),
    "constant_warmup": ("constant_with_warmup",),
    "end": ("epoch",),
    "float16": ("fp16",),
    "float32": ("fp32",),
    "fp16_mixed": ("fp16",),
    "full": ("fp32",),
    "group_by_length": ("grouped",),
    "half": ("fp16",),
    "lion": ("lion_32bit",),
    "linear_with_warmup": ("linear",),
    "multi_label_classification": ("multi-label",),
    "multiclass": ("single-label",),
    "multilabel": ("multi-label",),
    "never": ("no",),
    "no": ("fp32",),
    "none": ("no", "fp32"),
    "off": ("no",),
    "paged_adamw": ("paged_adamw_32bit",),
    "plateau": ("reduce_lr_on_plateau",),
    "single_label_classification": ("single-label",),
    "torch.bfloat16": ("bf16",),
    "torch.float16": ("fp16",),
    "torch.float32": ("fp32",),
    "wsd": ("warmup_stable_decay",),
}
"""Another word for a value, and what it can mean: the first that a key accepts."""


def value_of_peers(word: str, choices: Iterable[str]) -> str | None:
    """The one of the values of a key that another tool calls ``word``."""
    known = list(choices)
    meant = VALUES.get(word.lower().replace("-", "_"), ())
    return next((value for value in meant if value in known), None)


def words_of_peers(key: str, section: str, keys: Iterable[str]) -> Advice | None:
    """What to write instead of a key that another tool has, in a section with these ``keys``.
    ``section`` is its path without the positions in lists."""
    word = key.lower().replace("-", "_")
    home, _, name = SAME.get(word, "").rpartition(".")
    if name and home == section and name in keys:
        return Advice(f'did you mean "{name}"?', name)
    told = TOLD.get(word)
    if told is None and word in SAME:
        told = f'did you mean "{SAME[word]}"?'
    if told is None and word in {**RENAMED_ARGUMENTS, **OWNED_ARGUMENTS}:
        told = {**RENAMED_ARGUMENTS, **OWNED_ARGUMENTS}[word]
        told = re.sub(r'^write "(\w+)"$', r'write "training: {\1: …}"', told)
    return Advice(told) if told is not None else None
