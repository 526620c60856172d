"""What the sizes of a small model are besides, for the model types for which they do not fit."""

from __future__ import annotations

from typing import Any

from tests.architectures.sizes import VOCABULARY

HEADS_OF_8 = {"head_dim": 8}
NO_SHARED_CACHE = {
    "vocab_size_per_layer_input": VOCABULARY,
    "hidden_size_per_layer_input": 8,
    "num_kv_shared_layers": 0,
}

EXCEPTIONS: dict[str, dict[str, Any]] = {
    "nemotron3_5_transcribe_word_timestamp": {"blank_token_id": 319},
    "xlstm": {"hidden_size": 128},
    "granite_speech_plus_encoder": {
        "hidden_dim": 32,
        "context_size": 16,
        "max_pos_emb": 32,
        "input_dim": 16,
    },
    "vibevoice_acoustic_tokenizer_encoder": {"num_filters": 2, "depths": [1, 1, 1, 1, 1, 1, 1]},
    "nemotron3_diarization": {"head_config": {"audio_hidden_size": 32}},
    "qwen3_asr_encoder": {"output_dim": 32, "downsample_hidden_size": 32},
    "granite_speech_encoder": {
        "hidden_dim": 32,
        "context_size": 16,
        "max_pos_emb": 32,
        "input_dim": 16,
    },
    "blt_local_decoder": {"hidden_size_global": 32},
    "blt_local_encoder": {"hidden_size_global": 32},
    "blt": {"encoder_hash_byte_group_vocab": 64, "num_hidden_layers": 2},
    "dbrx": {"attn_config": {"rope_theta": 10000.0, "clip_qkv": 8.0}},
    "gemma4_unified_assistant": {
        "text_config": {"num_kv_shared_layers": 2},
        "backbone_hidden_size": 32,
    },
    "gemma4_assistant": {
        "text_config": {
            "vocab_size_per_layer_input": 0,
            "hidden_size_per_layer_input": 0,
            "num_kv_shared_layers": 2,
        },
        "backbone_hidden_size": 32,
    },
    "dots3_note": {
        "vision_config": {"adapter_in_dim": 32, "adapter_out_dim": 32},
        "audio_config": {"adapter_out_dim": 32, "adapter_input_size": 32},
    },
    "dots3_note_text": {
        "swa_num_attention_heads": 4,
        "swa_num_key_value_heads": 4,
        "swa_q_lora_rank": 16,
        "swa_kv_lora_rank": 16,
        "swa_head_dim": 16,
        "swa_qk_nope_head_dim": 8,
        "swa_v_head_dim": 8,
        "head_dim": 16,
        "index_topk": 16,
        "index_head_dim": 8,
        "index_n_heads": 2,
    },
    "cohere_compass_text": {
        "layer_types": ["sliding_attention", "full_attention"],
        "rope_parameters": {
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            "full_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    },
    "qwen4_exp_text": {
        "indexer_n_heads": 2,
        "indexer_kv_heads": 1,
        "indexer_head_dim": 8,
        "indexer_budget": 16,
        "indexer_compress_ratio": 4,
    },
    "deepseek_v2": {"num_experts_per_tok": 2},
    "recurrent_gemma": {"block_types": ["recurrent", "attention"]},
    "granitemoehybrid": {"layer_types": ["linear_attention", "full_attention"]},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2},
    "bamba": {"attn_layer_indices": [1]},
    "big_bird": {"block_size": 8, "num_random_blocks": 1},
    "bigbird_pegasus": {"block_size": 8, "num_random_blocks": 1},
    "canine": {
        "local_transformer_stride": 32,
        "num_hash_buckets": 128,
        "downsampling_rate": 4,
        "upsampling_kernel_size": 4,
        "max_position_embeddings": 2048,
    },
    "codegen": {"rotary_dim": 4},
    "convbert": {"conv_kernel_size": 9, "head_ratio": 2},
    "ctrl": {"dff": 64},
    "distilbert": {"hidden_dim": 64},
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2},
    "esm": {
        "emb_layer_norm_before": True,
        "token_dropout": True,
        "mask_token_id": 5,
        "position_embedding_type": "rotary",
        "vocab_size": VOCABULARY,
    },
    "falcon": {"new_decoder_architecture": False, "alibi": False},
    "flaubert": {"n_layers": 2},
    "fsmt": {"langs": ["en", "de"]},
    "funnel": {"block_sizes": [1, 1], "num_decoder_layers": 1},
    "gemma3n_text": NO_SHARED_CACHE,
    "gemma4_text": NO_SHARED_CACHE,
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "gptj": {"rotary_dim": 4},
    "hunyuan_v1_dense": HEADS_OF_8,
    "hunyuan_v1_moe": HEADS_OF_8,
    "kimi_linear": {"num_experts_per_token": 2},
    "layoutlmv3": {"coordinate_size": 5, "shape_size": 6, "visual_embed": False},
    "led": {"attention_window": [16, 16]},
    "lfm2_moe": {"layer_types": ["full_attention", "conv"]},
    "lilt": {"hidden_size": 48},
    "longformer": {"attention_window": [16, 16]},
    "longt5": {"local_radius": 7, "encoder_attention_type": "local"},
    "luke": {"entity_vocab_size": 16, "entity_emb_size": 16},
    "mamba2": {"num_heads": 8, "expand": 2},
    "ministral": HEADS_OF_8,
    "mistral4": {"num_key_value_heads": 4},
    "modernbert": {"global_attn_every_n_layers": 2},
    "modernbert-decoder": {"global_attn_every_n_layers": 2},
    "mpnet": {"relative_attention_num_buckets": 32},
    "mra": {"block_per_row": 2},
    "nemotron": {**HEADS_OF_8, "num_key_value_heads": 2},
    "nllb-moe": {"encoder_sparse_step": 2, "decoder_sparse_step": 2, "expert_capacity": 64},
    "nystromformer": {"segment_means_seq_len": 8},
    "perceiver": {
        "num_latents": 8,
        "d_latents": 32,
        "num_self_attends_per_block": 1,
        "num_self_attention_heads": 2,
        "num_cross_attention_heads": 2,
    },
    "reformer": {
        "attn_layers": ["local", "lsh"],
        "axial_pos_shape": [16, 32],
        "axial_pos_embds_dim": [16, 16],
        "num_buckets": 4,
        "hash_seed": 1,
        "lsh_attn_chunk_length": 16,
        "local_attn_chunk_length": 16,
        "num_hashes": 1,
    },
    "roc_bert": {
        "pronunciation_vocab_size": 64,
        "shape_vocab_size": 64,
        "pronunciation_embed_dim": 16,
        "shape_embed_dim": 16,
    },
    "squeezebert": {
        "q_groups": 2,
        "k_groups": 2,
        "v_groups": 2,
        "post_attention_groups": 1,
        "intermediate_groups": 2,
        "output_groups": 2,
    },
    "switch_transformers": {
        "expert_capacity": 64,
        "num_sparse_encoder_layers": 1,
        "num_sparse_decoder_layers": 1,
    },
    "tapas": {"type_vocab_sizes": [3, 8, 8, 2, 2, 8, 8]},
    "xlm": {"n_layers": 2},
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX"},
    "yoso": {"use_expectation": True},
    "zamba": {"layers_block_type": ["mamba", "hybrid", "hybrid"], "num_hidden_layers": 3},
    "zamba2": {"attention_head_dim": 16, "attention_hidden_size": 64},
    "zaya": {"num_experts_per_tok": 1},
}
"""By model type, of the whole model or of a part of it."""

LEFT_OUT: dict[str, tuple[str, ...]] = {
    "mistral4": ("head_dim",),
    "zamba": ("attention_hidden_size", "attention_head_dim"),
}
"""Sizes that the configuration of a model type computes from others."""

_OF_DECODER = "the class for text generation takes only the configuration of the decoder"
_DRAFTS = "it drafts for another model, and reads the keys and values of that model"

NOT_BUILT = {
    "gemma3n": 'the package "timm" is not installed',
    "gemma4_assistant": _DRAFTS,
    "gemma4_unified_assistant": _DRAFTS,
    "layoutlmv2": 'the package "detectron2" is not installed',
    "musicgen": _OF_DECODER,
    "musicgen_melody": _OF_DECODER,
}
"""Why there is no small model of a model type."""

NO_NOISE = {"router_jitter_noise": 0.0, "input_jitter_noise": 0.0, "jitter_noise": 0.0}
"""Noise of routers makes a model random by itself."""
