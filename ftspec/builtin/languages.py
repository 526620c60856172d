"""The languages of multilingual models: NLLB, mBART, M2M100 and others whose tokenizers mark the
language of a text with a token."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedTokenizerBase

from ftspec.api import RunError, SpecPath, did_you_mean

_SHOWN = 6


def has_languages(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the tokenizer marks the languages of its texts."""
    return hasattr(tokenizer, "set_tgt_lang_special_tokens")


def set_languages(
    tokenizer: PreTrainedTokenizerBase, src_lang: str | None, tgt_lang: str | None, at: SpecPath
) -> None:
    """Set the languages of sources and targets, which are saved with the tokenizer.

    Raises:
        RunError: the tokenizer has no languages, or not this one.
    """
    for name, code in (("src_lang", src_lang), ("tgt_lang", tgt_lang)):
        if code is None:
            continue
        if not has_languages(tokenizer):
            raise RunError(
                f'the tokenizer "{type(tokenizer).__name__}" has no languages',
                slug="languages",
                at=(*at, name),
                helps=(
                    f'remove "{name}"; models such as Marian and T5 read the language as a part of '
                    "the text: write it in the template",
                ),
            )
        known = _codes(tokenizer)
        if code not in known:
            raise RunError(
                f'the tokenizer has no language "{code}"',
                slug="languages",
                at=(*at, name),
                helps=(*did_you_mean(code, known), _some(known)),
            )
        setattr(tokenizer, name, code)
        tokenizer.init_kwargs[name] = code


def require_languages(tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a multilingual tokenizer that does not know the languages of a task.

    Raises:
        RunError: the spec and the checkpoint name no language of sources or targets.
    """
    if not has_languages(tokenizer):
        return
    missing = [name for name in ("src_lang", "tgt_lang") if tokenizer.init_kwargs.get(name) is None]
    if missing:
        raise RunError(
            f'the tokenizer "{type(tokenizer).__name__}" is multilingual, and the spec does not '
            f"name the {' and the '.join(_MEANING[name] for name in missing)}",
            slug="languages",
            at=("tokenizer",),
            helps=(
                'write "tokenizer: {src_lang: …, tgt_lang: …}"; for a summary both are the same',
                _some(_codes(tokenizer)),
            ),
        )


def start_targets(settings: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    """Let generation begin with the language of targets: with its token as the first one, or, where
    targets end with it, as what the decoder starts from (mBART of 25 languages)."""
    code = tokenizer.init_kwargs.get("tgt_lang")
    if not has_languages(tokenizer) or code is None:
        return
    token = _codes(tokenizer)[code]
    if tokenizer(text_target="a")["input_ids"][-1] == token:
        settings.decoder_start_token_id = token
    else:
        settings.forced_bos_token_id = token


_MEANING = {"src_lang": "language of the sources", "tgt_lang": "language of the targets"}


def _codes(tokenizer: Any) -> dict[str, int]:
    """The codes of languages, and their tokens."""
    if hasattr(tokenizer, "get_lang_id"):
        return {code: tokenizer.get_lang_id(code) for code in tokenizer.lang_code_to_token}
    known = getattr(tokenizer, "lang_code_to_id", None)
    if known:
        return dict(known)
    named = {tokenizer.bos_token, tokenizer.eos_token, tokenizer.unk_token, tokenizer.sep_token}
    named |= {tokenizer.cls_token, tokenizer.pad_token, tokenizer.mask_token}
    others = (token for token in tokenizer.all_special_tokens if token not in named)
    return {token: tokenizer.convert_tokens_to_ids(token) for token in others}


def _some(codes: Any) -> str:
    names = sorted(codes)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return "it has " + ", ".join(f'"{name}"' for name in names[:_SHOWN]) + more
