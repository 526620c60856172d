"""What goes wrong when a checkpoint is loaded, as errors at the keys of the spec."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import constants
from transformers import PretrainedConfig

from ftspec.document.paths import SpecPath
from ftspec.engine.model.attention import ATTENTION
from ftspec.engine.model.checkpoint import Checkpoint
from ftspec.errors import RunError, in_one_line
from ftspec.hub_faults import explain_hub
from ftspec.spec.model import ModelSection

AT: SpecPath = ("model", "checkpoint")


def cannot_load(error: Exception, checkpoint: Checkpoint) -> RunError:
    """Why a checkpoint cannot be read or downloaded."""
    text = " ".join(str(error).split())
    name = checkpoint.name
    if "trust_remote_code" in text:
        return RunError(
            f'"{name}" needs code of its repository to run',
            slug="remote-code",
            at=AT,
            helps=('read the code, then write "trust_remote_code: true" in the model section',),
        )
    fault = explain_hub(error, name, checkpoint.revision) if checkpoint.is_hub else None
    if fault is not None:
        helps = list(fault.helps)
        if Path(name).exists():
            helps.insert(0, f'for the local folder, write "./{name}"')
        at = ("model", "revision") if fault.is_about_revision and checkpoint.revision else AT
        return RunError(fault.headline, slug="hub", at=at, helps=helps)
    if checkpoint.is_hub and (constants.HF_HUB_OFFLINE or "couldn't connect" in text):
        return RunError(
            f'cannot load "{name}": the Hub cannot be reached and the cache does not hold it',
            slug="hub",
            at=AT,
            helps=("connect once to fill the cache, or use a local folder",),
        )
    if "make sure you don't have a local directory" in text:
        return RunError(
            f'cannot load "{name}": it lacks files that transformers needs, or they are damaged',
            slug="no-checkpoint",
            at=AT,
            helps=("check that it is a model for transformers",),
        )
    return RunError(f'cannot load "{name}": {in_one_line(error)}', slug="no-checkpoint", at=AT)


def unreadable_weights(checkpoint: Checkpoint, is_pickled: bool) -> RunError:
    """The files of weights are damaged."""
    why = ": they are damaged, or hold more than tensors" if is_pickled else ": they are damaged"
    return RunError(
        f'cannot read the weights of "{checkpoint.name}"{why}',
        slug="unreadable-weights",
        at=AT,
        helps=("use a checkpoint in safetensors, whose files cannot run code",) * is_pickled,
    )


def unusable_attention(model: ModelSection, error: ImportError) -> Exception:
    """The attention that the spec names is not installed, or not for this device. Without such a
    name the failed import has another reason, and is returned."""
    if ATTENTION not in model.config:
        return error
    return RunError(
        f'the attention "{model.config[ATTENTION]}" cannot be used here: ' + in_one_line(error),
        slug="bad-value",
        at=("model", "config", ATTENTION),
        helps=("without this key a run uses the fastest attention that is installed",),
    )


def cannot_create(error: Exception, config: PretrainedConfig, auto_model: str) -> RunError:
    """Why there is no random model with a configuration."""
    if is_wrong_architecture(error):
        return wrong_architecture(config, auto_model)
    text = in_one_line(error)
    reason = f"there is no {text}" if isinstance(error, KeyError) else text
    return RunError(
        f'cannot create a "{config.model_type}" model with this configuration: {reason}',
        slug="bad-value",
        at=("model", "config"),
    )


def is_wrong_architecture(error: Exception) -> bool:
    """Whether an auto class does not support the architecture of a configuration."""
    return "Unrecognized configuration class" in str(error)


def wrong_architecture(config: PretrainedConfig, auto_model: str) -> RunError:
    """The architecture does not support the task."""
    return RunError(
        f'a "{config.model_type}" model cannot do this task: {auto_model} does not support it',
        slug="wrong-architecture",
        at=AT,
        helps=("choose a checkpoint of another architecture, or another task",),
    )
