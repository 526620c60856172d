"""Small configurations of every architecture, by introspection of its configuration class."""

from __future__ import annotations

import inspect
from typing import Any

from transformers import CONFIG_MAPPING, PretrainedConfig

from tests.architectures.exceptions import EXCEPTIONS, LEFT_OUT, NO_NOISE
from tests.architectures.sizes import (
    HEAD_COUNTS,
    HEADS,
    LAYER_COUNTS,
    LAYER_KINDS,
    LAYERS,
    SIZES,
    UNSET_UNLESS_GIVEN,
    Settings,
)

_DROPOUT = ("dropout", "pdrop", "_drop", "layerdrop")
_LAYER_TYPES = ("layer_types", "layers_block_type")
_FROM_PAD = ("t5", "switch_transformers")
"""Architectures, by a part of their name, whose decoder starts with the padding token."""


def small_configuration(model_type: str, settings: Settings) -> PretrainedConfig:
    """The configuration of a small model without dropout, with these settings on top."""
    config = _shrink(CONFIG_MAPPING[model_type], settings)
    for part in (config, config.get_text_config(decoder=True)):
        part.pad_token_id, part.bos_token_id, part.eos_token_id = 0, 1, 2
    config.classifier_dropout = 0.0  # heads have one of their own where it is not set
    if getattr(config, "is_encoder_decoder", False):
        starts_with_padding = any(name in model_type for name in _FROM_PAD)
        config.decoder_start_token_id = 0 if starts_with_padding else 2
        config.forced_bos_token_id = config.forced_eos_token_id = None
    if model_type == "encoder-decoder":  # of two encoders, the second must be made a decoder
        config.decoder.is_decoder = config.decoder.add_cross_attention = True
    return config


def _shrink(kind: type[PretrainedConfig], settings: Settings) -> PretrainedConfig:
    """The configuration of a class, small. Its defaults say which settings it has."""
    default = kind()
    values = default.to_dict()
    kinds, count = _small_layers(values)
    own = EXCEPTIONS.get(default.model_type, {})
    parts = _small_parts(default, values, own)
    chosen = {
        **_lists_by_layer(values, count),
        **_no_dropout(values),
        **_small_sizes(default, values, count),
        **parts,
        **kinds,
        **{name: value for name, value in NO_NOISE.items() if name in values},
    }
    for name in LEFT_OUT.get(default.model_type, ()):
        chosen.pop(name, None)
    own = {name: value for name, value in own.items() if name not in parts}
    return kind(**{**_without_aliases(chosen, default), **own, **settings})


def _small_layers(values: Settings) -> tuple[dict[str, Any], int]:
    """One layer of each kind, if a configuration names kinds, and the number of layers."""
    for name in _LAYER_TYPES:
        if isinstance(values.get(name), list):
            kinds = list(dict.fromkeys(values[name]))[:LAYER_KINDS]
            layers = kinds if len(kinds) > 1 else kinds * LAYERS
            return {name: layers}, len(layers)
    return {}, LAYERS


def _lists_by_layer(values: Settings, count: int) -> dict[str, Any]:
    return {
        name: value[:count]
        for name, value in values.items()
        if isinstance(value, list) and value and len(value) == values.get("num_hidden_layers")
    }


def _no_dropout(values: Settings) -> dict[str, Any]:
    return {
        name: type(value)(0)
        for name, value in values.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and any(part in name for part in _DROPOUT)
    }


def _small_sizes(default: PretrainedConfig, values: Settings, layers: int) -> dict[str, Any]:
    """The sizes that the configuration has, by any of its names for them."""
    names = {*values, *default.attribute_map, *inspect.signature(type(default)).parameters}
    always = {**dict.fromkeys(LAYER_COUNTS, layers), **dict.fromkeys(HEAD_COUNTS, HEADS)}
    sizes = {
        name: value
        for name, value in {**SIZES, **always}.items()
        if name in names
        and (values.get(name) is not None or name in always or name.endswith("token_id"))
    }
    for name in UNSET_UNLESS_GIVEN:
        if values.get(name) is None:
            sizes.pop(name, None)
    heads = values.get("num_attention_heads")
    if heads is not None and values.get("num_key_value_heads") == heads:
        sizes["num_key_value_heads"] = HEADS
    return sizes


def _small_parts(default: PretrainedConfig, values: Settings, own: Settings) -> dict[str, Any]:
    """The configurations inside the configuration, small too, with their ``own`` exceptions."""
    parts: dict[str, Any] = {}
    left_out = LEFT_OUT.get(default.model_type, ())
    for name in (name for name, value in values.items() if isinstance(value, dict)):
        part = None if name in left_out else getattr(default, name, None)
        if isinstance(part, PretrainedConfig):
            parts[name] = _shrink(type(part), own.get(name, {})).to_dict()
    return parts


def _without_aliases(chosen: Settings, default: PretrainedConfig) -> dict[str, Any]:
    """The settings, each by one name."""
    aliases = default.attribute_map
    return {name: value for name, value in chosen.items() if aliases.get(name) not in chosen}
