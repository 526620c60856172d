"""The configuration of a model: of its checkpoint or its architecture, and the keys of the spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import transformers
from huggingface_hub.errors import StrictDataclassError
from huggingface_hub.utils import httpx
from transformers import AttentionInterface, AutoConfig, PretrainedConfig

from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.engine.model.attention import ATTENTION
from ftspec.engine.model.checkpoint import Checkpoint
from ftspec.engine.model.load_errors import cannot_create, cannot_load
from ftspec.engine.model.variable_length_attention import VARIABLE_LENGTH
from ftspec.errors import RunError
from ftspec.spec.model import ModelSection


def load_config(
    model: ModelSection, checkpoint: Checkpoint | None, settings: Mapping[str, Any]
) -> PretrainedConfig:
    """The configuration of a model, with the keys of the spec and the ``settings`` of the task.

    Raises:
        RunError: there is no such checkpoint or architecture, or it has no such setting.
    """
    if checkpoint is not None:
        config = _config_of_checkpoint(model, checkpoint)
    else:
        assert model.architecture is not None
        config = _config_of_architecture(model.architecture, model.config)
    for name, value in model.config.items():
        if name == ATTENTION:
            config._attn_implementation = _known_attention(value)
        else:
            _set(config, name, value)
    for name, value in settings.items():
        setattr(config, name, value)
    return config


_LABEL_SETTINGS = ("num_labels", "id2label", "label2id")


def label_names_of(
    model: ModelSection, checkpoint: Checkpoint | None, config: PretrainedConfig
) -> tuple[str, ...]:
    """The names of the labels that a checkpoint brings, in the order of their ids. ``config`` is
    its configuration with the keys of the spec, as :func:`load_config` returns it.

    Raises:
        RunError: the checkpoint cannot be read.
    """
    if checkpoint is None or model.init == "random":
        return ()
    if any(name in model.config for name in _LABEL_SETTINGS):
        config = _config_of_checkpoint(model, checkpoint)
    names: Mapping[int, str] = config.id2label or {}  # type: ignore[assignment]
    return tuple(str(names[index]) for index in sorted(names))


def require_agreement(model: ModelSection, settings: Mapping[str, Any]) -> None:
    """Refuse labels in ``model.config`` that are not those of the task, which would be overwritten.

    Raises:
        RunError: they differ.
    """
    names: Mapping[int, str] | None = settings.get("id2label")
    count = len(names) if names is not None else settings.get("num_labels")
    for key in _LABEL_SETTINGS:
        written = model.config.get(key)
        if written is None or count is None:
            continue
        size = len(written) if isinstance(written, Mapping) else written
        fault = f"{key} says {size}" if size != count else ""
        if not fault and names is not None and isinstance(written, Mapping):
            given = written.values() if key == "id2label" else written
            fault = (
                f"{key} has other names"
                if sorted(map(str, given)) != sorted(names.values())
                else ""
            )
        if fault:
            raise RunError(
                f"the task has {count} {'label' if count == 1 else 'labels'}, and {fault}",
                slug="label-count",
                at=("model", "config", key),
                helps=(
                    f'remove "{key}": the task sets it',
                    'to name or order the labels, write "labels: […]" in the task section',
                ),
            )


def _config_of_checkpoint(model: ModelSection, checkpoint: Checkpoint) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(
            checkpoint.name,
            revision=checkpoint.revision,
            trust_remote_code=model.trust_remote_code,
        )
    except (OSError, ValueError, TypeError, AttributeError, httpx.HTTPError) as error:
        # also where config.json is JSON and not an object
        raise cannot_load(error, checkpoint) from error
    return config


def _config_of_architecture(architecture: str, values: Mapping[str, Any]) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.for_model(architecture)
    except ValueError:
        known = list(transformers.CONFIG_MAPPING.keys())
        raise RunError(
            f'transformers has no architecture "{architecture}"',
            slug="unknown-architecture",
            at=("model", "architecture"),
            helps=did_you_mean(architecture, known),
        ) from None
    known_values = {name: value for name, value in values.items() if hasattr(config, name)}
    try:
        # others follow from these: a T5 decoder has as many layers as its encoder
        config = AutoConfig.for_model(architecture, **known_values)
    except StrictDataclassError:
        pass  # the wrong value is found when each one is set
    except ValueError as error:
        raise cannot_create(error, config, "AutoModel") from error
    return config


def _set(config: PretrainedConfig, name: str, value: Any) -> None:
    if not hasattr(config, name):
        raise RunError(
            f'a {config.model_type} model has no setting "{name}"',
            slug="unknown-key",
            at=("model", "config", name),
            helps=did_you_mean(name, config.to_dict()),
        )
    try:
        setattr(config, name, value)
    except StrictDataclassError as error:
        raise RunError(
            f'a {config.model_type} model cannot take "{value}" for its setting "{name}"',
            slug="bad-value",
            at=("model", "config", name),
        ) from error


def _known_attention(name: str) -> str:
    """The name of an attention of transformers, or of a kernel on the Hub.

    Raises:
        RunError: there is no such attention.
    """
    own = {VARIABLE_LENGTH}  # a run chooses it, not a spec
    attentions: Any = AttentionInterface()  # type: ignore[no-untyped-call]
    known = ["eager", *(one for one in attentions.valid_keys() if one not in own)]
    if name not in known and "/" not in str(name):
        raise RunError(
            f'transformers has no attention "{name}"',
            slug="bad-value",
            at=("model", "config", ATTENTION),
            helps=(*did_you_mean(str(name), known), one_of(known)),
        )
    return name
