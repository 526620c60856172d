"""The keys of a DeepSpeed configuration. DeepSpeed reads the ones it knows, and ignores the rest
without a word, so that a slip would have no effect.

They are those that DeepSpeed 0.19.8 reads and documents.
"""

from __future__ import annotations

DEEPSPEED_KEYS = (
    *("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps"),
    *("optimizer", "scheduler", "gradient_clipping", "prescale_gradients"),
    *("gradient_predivide_factor", "gradient_allreduce_op", "sparse_gradients"),
    *("communication_data_type", "seq_parallel_communication_data_type"),
    *("fp16", "bf16", "bfloat16", "amp", "torch_autocast", "data_types"),
    *("zero_optimization", "zero_allow_untested_optimizer", "zero_force_ds_cpu_optimizer"),
    *("steps_per_print", "wall_clock_breakdown", "memory_breakdown", "dump_state"),
    *("flops_profiler", "comms_logger", "tensorboard", "wandb", "csv_monitor", "comet"),
    *("aio", "activation_checkpointing", "checkpoint", "compile", "elasticity", "autotuning"),
    *("data_efficiency", "curriculum_learning", "compression_training", "nebula"),
    *("eigenvalue", "progressive_layer_drop", "sparse_attention", "quantize_training"),
    *("pipeline", "tensor_parallel", "sequence_parallel_size", "expert_parallel"),
    *("hybrid_engine", "weight_quantization", "dataloader_drop_last", "disable_allgather"),
    *("disable_python_gc", "legacy_fusion", "log_level", "managed_gradient_accumulation"),
    *("use_data_before_expert_parallelism", "vocabulary_size", "monitor_config"),
)
