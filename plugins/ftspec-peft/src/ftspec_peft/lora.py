"""LoRA: low-rank matrices added to linear layers, the only weights that are trained."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import peft
from torch import nn
from transformers import Conv1D, PreTrainedModel

from ftspec.api import Adapter, AdapterContext, NewWeights, RunError, did_you_mean, in_one_line
from ftspec_peft.config import ALL_LINEAR, LoraConfig
from ftspec_peft.new_modules import modules_to_learn
from ftspec_peft.quantization import quantization_of
from ftspec_peft.saving import model_class

_TASK_TYPES = {
    "AutoModel": peft.TaskType.FEATURE_EXTRACTION,
    "AutoModelForCausalLM": peft.TaskType.CAUSAL_LM,
    "AutoModelForQuestionAnswering": peft.TaskType.QUESTION_ANS,
    "AutoModelForSeq2SeqLM": peft.TaskType.SEQ_2_SEQ_LM,
    "AutoModelForSequenceClassification": peft.TaskType.SEQ_CLS,
    "AutoModelForTokenClassification": peft.TaskType.TOKEN_CLS,
}
"""For tasks that peft knows, it trains and saves the head, even if the checkpoint has one."""


class Lora(Adapter):
    """The adapter ``lora``."""

    def __init__(self, config: LoraConfig, context: AdapterContext) -> None:
        self._config = config
        self._context = context

    def load_options(self) -> Mapping[str, Any]:
        """The quantization, if the spec has one.

        Raises:
            MissingExtraError: bitsandbytes is not installed.
        """
        if self._config.quantization is None:
            return {}
        return {"quantization_config": quantization_of(self._config.quantization, self._context)}

    def attach(self, model: PreTrainedModel, new: NewWeights) -> nn.Module:
        """The model with matrices whose product starts at zero. Heads and other modules that the
        checkpoint lacks are trained whole; of the embeddings, only the rows of new tokens.

        Raises:
            RunError: the model does not have these modules, or peft has no defaults for it.
        """
        named = self._config.modules_to_save or []
        targets = self._config.target_modules
        self._check_names("modules_to_save", named, model)
        if isinstance(targets, list):
            self._check_names("target_modules", targets, model)
        elif targets is not None and targets != ALL_LINEAR:
            self._check_pattern(targets, model)
        task_type = _TASK_TYPES.get(self._context.auto_model)
        config = peft.LoraConfig(
            task_type=task_type,
            base_model_name_or_path=self._context.mask(str(model.name_or_path)),
            revision=self._context.revision,
            r=self._config.r,
            lora_alpha=self._config.alpha,
            lora_dropout=self._config.dropout,
            target_modules=targets,
            modules_to_save=[*named, *modules_to_learn(model, new.parameters, named)] or None,
            trainable_token_indices=_rows_to_train(model, new.tokens, named),
            bias=self._config.bias,
            use_dora=self._config.use_dora,
            use_rslora=self._config.use_rslora,
            fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
        )
        try:
            attached = model_class(task_type)(model, config)
        except (TypeError, ValueError, NotImplementedError) as error:
            raise self._refusal(error, model) from error
        if config.modules_to_save:  # peft may add heads that are already in the list
            config.modules_to_save = list(dict.fromkeys(config.modules_to_save))
        return attached

    def load_weights(self, model: Any, folder: Path, without: Collection[str] = ()) -> None:
        """Load the weights in ``folder``, except those ``without``.

        Raises:
            RunError: they are of other layers, or have other shapes.
        """
        weights = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
        trained = {
            name: weight
            for name, weight in peft.load_peft_weights(str(folder)).items()
            if not any(name.endswith(f".{left_out}") for left_out in without)
        }
        unknown = [name for name in trained if name not in weights]
        try:
            if not unknown:
                peft.set_peft_model_state_dict(model, {**weights, **trained})
        except RuntimeError as error:
            unknown = [in_one_line(error)]
        if unknown:
            raise RunError(
                f"the trained adapter does not fit the model: {unknown[0]}",
                slug="peft/other-layers",
                at=("model", "checkpoint"),
                helps=('merge it first: "ftspec export RUN_DIR OUTPUT --merge"',),
            )

    def load(self, model: PreTrainedModel, folder: Path) -> nn.Module:
        """The model with the weights in ``folder``."""
        with warnings.catch_warnings():  # peft uses a deprecated name of transformers
            warnings.simplefilter("ignore", FutureWarning)
            loaded: nn.Module = peft.PeftModel.from_pretrained(model, str(folder))
        return loaded

    def merge(self, model: Any) -> PreTrainedModel:
        """The model with the product of the matrices added to the weights of the layers.

        Raises:
            RunError: a sum is not finite.
        """
        try:
            merged: PreTrainedModel = model.merge_and_unload(safe_merge=True)
        except ValueError as error:
            raise RunError(
                f"the adapter cannot be merged: {error}", slug="peft/no-merge"
            ) from error
        return merged

    def _check_names(self, key: str, names: Iterable[str], model: nn.Module) -> None:
        known = [name for name, _ in model.named_modules() if name]
        for index, wanted in enumerate(names):
            if not any(_ends_with(name, wanted) for name in known):
                near = did_you_mean(wanted, {name.rpartition(".")[2] for name in known})
                raise RunError(
                    f'the model has no module "{wanted}"',
                    slug="peft/unknown-module",
                    at=(*self._context.section, key, index),
                    helps=(*near, _linear_layers(model)),
                )

    def _check_pattern(self, pattern: str, model: nn.Module) -> None:
        if not any(re.fullmatch(pattern, name) for name, _ in model.named_modules()):
            raise RunError(
                f'no module of the model matches "{pattern}"',
                slug="peft/unknown-module",
                at=(*self._context.section, "target_modules"),
                helps=(
                    "a regular expression must match whole names; to match ends of names, write "
                    f'a list: "target_modules: [{pattern}]"',
                    _linear_layers(model),
                ),
            )

    def _refusal(self, error: Exception, model: PreTrainedModel) -> RunError:
        text = " ".join(str(error).split())
        if self._config.target_modules is None and "specify `target_modules`" in text:
            return RunError(
                f'peft has no default layers for a "{model.config.model_type}" model',
                slug="peft/no-default-modules",
                at=self._context.section,
                helps=('write "target_modules: all-linear", or name them', _linear_layers(model)),
            )
        return RunError(
            f"peft refuses this adapter: {in_one_line(error)}",
            slug="peft/refused",
            at=self._context.section,
        )


def _rows_to_train(model: PreTrainedModel, tokens: range, saved: Iterable[str]) -> list[int] | None:
    """The rows of the embeddings to train; ``None`` if all are trained, or none is new."""
    embeddings = model.get_input_embeddings()
    name = next(name for name, module in model.named_modules() if module is embeddings)
    if any(_ends_with(name, end) for end in saved):
        return None
    return list(tokens) or None


def _ends_with(name: str, end: str) -> bool:
    """Whether the name of a module ends with ``end``, in whole parts."""
    return f".{name}".endswith(f".{end}")


def _linear_layers(model: nn.Module) -> str:
    names = dict.fromkeys(
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if isinstance(module, (nn.Linear, Conv1D))
    )
    return f"its linear layers are {', '.join(names)}"
