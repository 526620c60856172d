"""Sizes of small models, by the names that configurations of transformers have for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]

VOCABULARY = 320
POSITIONS = 512
HEADS = 4
LAYERS = 2
LAYER_KINDS = 4
"""A model with layers of several kinds has one of each, at most so many."""


def _each(value: Any, names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), value)


LAYER_COUNTS = (
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "num_encoder_layers",
    "num_decoder_layers",
    "encoder_layers",
    "decoder_layers",
    "num_blocks",
)

HEAD_COUNTS = (
    "num_attention_heads",
    "n_head",
    "n_heads",
    "num_heads",
    "encoder_attention_heads",
    "decoder_attention_heads",
    "num_encoder_attention_heads",
    "num_decoder_attention_heads",
)

SIZES: Settings = {
    # what tokens and positions are limited to
    **_each(VOCABULARY, "vocab_size decoder_vocab_size src_vocab_size tgt_vocab_size"),
    **_each(
        POSITIONS,
        "n_positions max_position_embeddings max_position max_encoder_position_embeddings "
        "max_decoder_position_embeddings seq_length max_seq_len max_sequence_length context_length "
        "n_ctx",
    ),
    **_each(0, "pad_token_id pad_index"),
    **_each(1, "bos_token_id cls_token_id bos_index"),
    **_each(2, "eos_token_id sep_token_id eos_index"),
    **_each(3, "unk_token_id unk_index"),
    "type_vocab_size": 2,
    # widths
    **_each(
        32,
        "hidden_size d_model n_embd dim emb_dim embed_dim model_dim n_embed dim_model lru_width "
        "attention_hidden_size embedding_size input_embedding_size output_embedding_size "
        "true_hidden_size intra_bottleneck_size embd_dim rnn_hidden_size out_hidden_size",
    ),
    **_each(
        64,
        "intermediate_size ffn_dim d_ff encoder_ffn_dim decoder_ffn_dim d_inner n_inner "
        "ffn_hidden_size dim_ff block_ff_dim intermediate_size_mlp feed_forward_size expert_dim "
        "mamba_d_ssm",
    ),
    "bottleneck_size": 16,
    # attention
    **_each(
        2,
        "num_key_value_heads num_kv_heads n_head_kv kv_n_heads multi_query_group_num "
        "num_global_key_value_heads swa_num_key_value_heads",
    ),
    **_each(
        8,
        "head_dim d_kv d_head kv_channels attention_head_dim global_head_dim swa_head_dim dim_head "
        "attention_head_size",
    ),
    **_each(16, "attention_window sliding_window window_size local_attention sliding_window_size"),
    **_each(16, "q_lora_rank kv_lora_rank qk_head_dim"),
    **_each(8, "qk_rope_head_dim qk_nope_head_dim v_head_dim linear_key_head_dim"),
    **_each(8, "linear_value_head_dim linear_head_dim"),
    **_each(4, "linear_num_value_heads linear_conv_kernel_dim linear_num_heads"),
    "linear_num_key_heads": 2,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 32,
    "position_buckets": 16,
    "max_relative_positions": -1,
    "num_landmarks": 8,
    "local_radius": 1,
    "global_block_size": 8,
    "conv_kernel_size": 9,
    # experts
    **_each(4, "num_local_experts num_experts n_routed_experts moe_num_experts"),
    **_each(2, "num_experts_per_tok moe_k moe_topk"),
    **_each(
        32,
        "moe_intermediate_size shared_expert_intermediate_size shared_intermediate_size "
        "expert_ffn_hidden_size moe_ffn_hidden_size shared_experts_intermediate_size",
    ),
    **_each(
        1,
        "first_k_dense_replace num_dense_layers n_group topk_group num_expert_group "
        "n_shared_experts num_shared_experts moe_num_shared_experts zero_expert_num "
        "decoder_sparse_step moe_layer_start_index moe_layer_freq",
    ),
    # recurrence
    **_each(8, "state_size ssm_state_size mamba_d_state head_size factor_size"),
    **_each(4, "time_step_rank mamba_n_heads mamba_num_heads n_mamba_heads mamba_dt_rank"),
    **_each(16, "mamba_d_head mamba_head_dim mamba_chunk_size chunk_size"),
    **_each(1, "mamba_n_groups n_groups"),
    # audio and vision
    **_each(4, "num_mel_bins"),
}
"""The names of all families together. A configuration takes those that it has."""

UNSET_UNLESS_GIVEN = ("sliding_window",)
"""Sizes that switch something on. A configuration without it stays so."""
