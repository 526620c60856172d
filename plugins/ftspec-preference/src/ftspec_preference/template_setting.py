"""The chat template that a spec names: by a well-known name, as text, or as a file."""

from __future__ import annotations

from pathlib import Path

from transformers import PreTrainedTokenizerBase

from ftspec.api import RunError, SpecPath
from ftspec_preference.config import LARGEST_TEMPLATE, ConversationConfig
from ftspec_preference.known_templates import KNOWN_TEMPLATES


def install(
    tokenizer: PreTrainedTokenizerBase, config: ConversationConfig, at: SpecPath
) -> list[str]:
    """Set the template of the spec in the tokenizer, which saves it. A well-known template brings
    its tokens; returns those that the tokenizer did not have.

    Raises:
        RunError: the file of the template cannot be read or is too large.
    """
    template = config.chat_template
    if config.chat_template_file is not None:
        path = Path(config.chat_template_file)
        try:
            with path.open("rb") as stream:
                template = stream.read(LARGEST_TEMPLATE + 1).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(
                f'cannot read the chat template "{path}": {error}',
                slug="preference/template-file",
                at=(*at, "chat_template_file"),
            ) from None
    if template is None:
        return []
    known = KNOWN_TEMPLATES.get(template)
    if known is None:
        tokenizer.chat_template = template
        return []
    tokenizer.chat_template = known.text
    vocabulary = tokenizer.get_vocab()
    new = [token for token in known.tokens if token not in vocabulary]
    if new:
        tokenizer.add_special_tokens(
            {"additional_special_tokens": new}, replace_extra_special_tokens=False
        )
    if known.end is not None:
        tokenizer.eos_token = known.end
    return new
