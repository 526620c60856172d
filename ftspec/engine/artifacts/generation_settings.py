"""Settings of generation that the command line gives, by the names of ``GenerationConfig``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from transformers import GenerationConfig

from ftspec.diagnostics.suggest import did_you_mean
from ftspec.errors import UsageError, in_one_line
from ftspec.planning.plan import Plan

_INSTEAD = {
    "max_length": "write max_new_tokens, which does not count the input",
    "num_return_sequences": "each row has one prediction",
    "return_dict_in_generate": "a prediction is a text",
    "output_attentions": "a prediction is a text",
    "output_hidden_states": "a prediction is a text",
    "output_logits": "a prediction is a text",
    "output_scores": "a prediction is a text",
    "pad_token_id": "it is that of the tokenizer",
    "transformers_version": "it is no setting",
}
"""Names that ``GenerationConfig`` has and a prediction does not take, with what to do."""

_OF_TASK = ("do_sample", "num_beams")


def read_settings(written: Sequence[str], plan: Plan) -> Mapping[str, Any]:
    """The settings from texts such as ``num_beams=4``. Values are those of YAML.

    Args:
        written: the texts.
        plan: of the run, whose task has settings of its own.

    Raises:
        UsageError: there is no such setting, or its value is none.
    """
    new_config: Any = GenerationConfig
    known = {name for name in vars(new_config()) if not name.startswith("_")}
    settings: dict[str, Any] = {}
    for one in written:
        name, equals, text = one.partition("=")
        if not equals:
            raise UsageError(f'"{one}" is no setting; expected, for example, num_beams=4')
        if name in _INSTEAD:
            raise UsageError(f'"{name}" cannot be set here: {_INSTEAD[name]}')
        if name not in known:
            hints = "; ".join(did_you_mean(name, known - _INSTEAD.keys()))
            hint = f"; {hints}" if hints else ""
            raise UsageError(f'there is no generation setting "{name}"{hint}')
        try:
            settings[name] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UsageError(f'"{one}" has no value of YAML') from None
    config = plan.task.config
    of_task = {name: getattr(config, name) for name in _OF_TASK if hasattr(config, name)}
    try:
        new_config(**{**of_task, **settings}).validate(strict=True)
    except (ValueError, TypeError) as error:
        raise UsageError(in_one_line(error).partition(" If you're using")[0]) from None
    return settings
