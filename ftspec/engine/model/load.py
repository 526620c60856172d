"""From a checkpoint to a model: its configuration, its weights, its vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from pickle import UnpicklingError
from types import MappingProxyType
from typing import Any, cast

import torch
import transformers
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, StrictDataclassError
from safetensors import SafetensorError
from torch import nn
from transformers import (
    AttentionInterface,
    AutoConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.paths import SpecPath
from ftspec.engine.model.attention import ATTENTION
from ftspec.engine.model.checkpoint import Checkpoint, has_file
from ftspec.engine.model.variable_length_attention import VARIABLE_LENGTH
from ftspec.engine.patches.safetensors_conversion import no_safetensors_conversion
from ftspec.engine.progress.run_log import Note
from ftspec.errors import RunError, in_one_line
from ftspec.spec.model import ModelSection

_AT: SpecPath = ("model", "checkpoint")
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_SAFETENSORS = ("model.safetensors", "model.safetensors.index.json")


def load_config(
    model: ModelSection, checkpoint: Checkpoint | None, settings: Mapping[str, Any]
) -> PretrainedConfig:
    """The model's configuration with the spec's overrides and the task's ``settings``.

    Raises:
        RunError: there is no such checkpoint or architecture, or it has no such field.
    """
    if checkpoint is not None:
        config = _config_of(model, checkpoint)
    else:
        assert model.architecture is not None
        try:
            config = AutoConfig.for_model(model.architecture)
            # made anew with the values that it knows: others follow from them, as T5's number of
            # decoder layers does from that of its encoder
            known_values = {n: v for n, v in model.config.items() if hasattr(config, n)}
            config = AutoConfig.for_model(model.architecture, **known_values)
        except StrictDataclassError:
            pass  # the value at fault is found below
        except ValueError:
            known = list(transformers.CONFIG_MAPPING.keys())
            raise RunError(
                f'transformers knows no architecture "{model.architecture}"',
                slug="unknown-architecture",
                at=("model", "architecture"),
                helps=did_you_mean(model.architecture, known),
            ) from None
    for name, value in model.config.items():
        if name == ATTENTION:
            config._attn_implementation = _known_attention(value)
            continue
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
    for name, value in settings.items():
        setattr(config, name, value)
    return config


def _known_attention(name: str) -> str:
    """The name of an attention of transformers, or of a kernel on the Hub.

    Raises:
        RunError: there is none.
    """
    ours = {VARIABLE_LENGTH}  # which a run chooses for itself
    attentions: Any = AttentionInterface()  # type: ignore[no-untyped-call]
    known = ["eager", *(one for one in attentions.valid_keys() if one not in ours)]
    if name not in known and "/" not in str(name):
        raise RunError(
            f'transformers knows no attention "{name}"',
            slug="bad-value",
            at=("model", "config", ATTENTION),
            helps=(*did_you_mean(str(name), known), one_of(known)),
        )
    return name


def _config_of(model: ModelSection, checkpoint: Checkpoint) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(
            checkpoint.name,
            revision=checkpoint.revision,
            trust_remote_code=model.trust_remote_code,
        )
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise _explain(error, checkpoint) from error
    return config


def _explain(error: Exception, checkpoint: Checkpoint) -> RunError:
    """What went wrong on the way to a checkpoint, at the key that is to blame."""
    text = " ".join(str(error).split())
    name = checkpoint.name
    if "trust_remote_code" in text:
        return RunError(
            f'"{name}" needs code of its repository to run',
            slug="remote-code",
            at=_AT,
            helps=('read the code, then write "trust_remote_code: true" in the model section',),
        )
    if checkpoint.revision is not None and "is not a valid git identifier" in text:
        return RunError(
            f'"{name}" has no revision "{checkpoint.revision}"',
            slug="hub",
            at=("model", "revision"),
        )
    if checkpoint.is_hub and (constants.HF_HUB_OFFLINE or "couldn't connect" in text):
        return RunError(
            f'cannot load "{name}": the Hub cannot be reached and the cache does not hold it',
            slug="hub",
            at=_AT,
            helps=("connect once to fill the cache, or use a local folder",),
        )
    is_closed = "not a valid model identifier" in text or "gated repo" in text
    if checkpoint.is_hub and is_closed:
        helps = ['look at its page; for a private one, log in with "hf auth login"']
        if Path(name).exists():
            helps.insert(0, f'for the folder beside you, write "./{name}"')
        return RunError(
            f'there is no model "{name}" on the Hub, or it is private or gated',
            slug="hub",
            at=_AT,
            helps=helps,
        )
    return RunError(f'cannot load "{name}": {in_one_line(error)}', slug="no-checkpoint", at=_AT)


def load_model(
    model: ModelSection,
    checkpoint: Checkpoint | None,
    config: PretrainedConfig,
    auto_model: str,
    note: Note,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """The model, and the names of those of its weights that the checkpoint does not have.

    It is in fp32: mixed precision is autocast's business, and weights kept in 16 bits do not learn
    small steps. ``options`` are further arguments of ``from_pretrained``.

    Raises:
        RunError: the checkpoint has no weights for such a model.
    """
    auto_class = getattr(transformers, auto_model)
    if model.init == "random" or checkpoint is None:
        try:
            created: Any = auto_class.from_config(config)
        except ImportError as error:
            raise _unusable_attention(model, error) from error
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            raise _unmakeable(error, config, auto_model) from error
        note(f"the model starts from random weights: {created.num_parameters():,} parameters")
        random_model: PreTrainedModel = created.float()
        return random_model, ()
    is_pickled = not has_file(checkpoint, _SAFETENSORS) and has_file(checkpoint, _PICKLES)
    if is_pickled:
        note(
            f'"{checkpoint.name}" has no safetensors: its pickled weights are loaded weights-only, '
            "so that no code in them can run"
        )
    try:
        with no_safetensors_conversion() if is_pickled else nullcontext():
            loaded, report = auto_class.from_pretrained(
                checkpoint.name,
                revision=checkpoint.revision,
                config=config,
                dtype=torch.float32,
                use_safetensors=not is_pickled,
                weights_only=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **options,
                trust_remote_code=model.trust_remote_code,
            )
    except ImportError as error:
        raise _unusable_attention(model, error) from error
    except ValueError as error:
        if "Unrecognized configuration class" in str(error):
            raise _wrong_architecture(config, auto_model) from error
        raise _explain(error, checkpoint) from error
    except (OSError, HfHubHTTPError) as error:
        raise _explain(error, checkpoint) from error
    except (UnpicklingError, SafetensorError, EOFError) as error:
        raise _unreadable(checkpoint, is_pickled) from error
    new = sorted({*report["missing_keys"], *(entry[0] for entry in report["mismatched_keys"])})
    if new:
        shown = ", ".join(new[:4]) + (f" and {len(new) - 4} more" if len(new) > 4 else "")
        note(f"new weights, to be learned: {shown}")
    return loaded, tuple(new)


def _unreadable(checkpoint: Checkpoint, is_pickled: bool) -> RunError:
    why = ": they are damaged, or hold more than tensors" if is_pickled else ": they are damaged"
    return RunError(
        f'cannot read the weights of "{checkpoint.name}"{why}',
        slug="unreadable-weights",
        at=_AT,
        helps=("use a checkpoint in safetensors, whose files cannot run code",) * is_pickled,
    )


def _unusable_attention(model: ModelSection, error: ImportError) -> Exception:
    """What to say where the attention that the spec names is not installed, or not for this device;
    any other import that fails is no mistake of the spec."""
    if ATTENTION not in model.config:
        return error
    return RunError(
        f'the attention "{model.config[ATTENTION]}" cannot be used here: ' + in_one_line(error),
        slug="bad-value",
        at=("model", "config", ATTENTION),
        helps=("without this key a run takes the fastest attention that is installed",),
    )


def _unmakeable(error: Exception, config: PretrainedConfig, auto_model: str) -> RunError:
    if "Unrecognized configuration class" in str(error):
        return _wrong_architecture(config, auto_model)
    text = in_one_line(error)
    reason = f"there is no {text}" if isinstance(error, KeyError) else text
    return RunError(
        f'a "{config.model_type}" model cannot be made so: {reason}',
        slug="bad-value",
        at=("model", "config"),
    )


def _wrong_architecture(config: PretrainedConfig, auto_model: str) -> RunError:
    return RunError(
        f'a "{config.model_type}" model cannot do this task: {auto_model} does not know it',
        slug="wrong-architecture",
        at=_AT,
        helps=("choose a checkpoint of the right family, or another task",),
    )


def fit_to_tokenizer(
    model: ModelSection, config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Before a random model is made: the vocabulary's size and special tokens of the tokenizer."""
    if model.init != "random":
        return
    config.vocab_size = len(tokenizer)
    for name in ("pad_token_id", "eos_token_id", "bos_token_id"):
        setattr(config, name, getattr(tokenizer, name, None))
    if getattr(config, "is_encoder_decoder", False):
        config.decoder_start_token_id = tokenizer.pad_token_id


def grow_embeddings(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, note: Note
) -> range:
    """After a pretrained model is loaded: rows for tokens new to it, whose ids are returned, and
    its padding token."""
    known = cast(nn.Embedding, model.get_input_embeddings()).num_embeddings
    if len(tokenizer) > known:
        model.resize_token_embeddings(len(tokenizer))
        note(f"the embeddings grew from {known:,} to {len(tokenizer):,} tokens")
    if getattr(model.config, "pad_token_id", None) is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    return range(known, len(tokenizer))
