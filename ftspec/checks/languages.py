"""A multilingual model translates, and the spec does not name the languages.

Why: the tokenizer marks the language of each text with a token. Without "tgt_lang" the targets
would begin with the wrong language, and so would every text that the model generates.

Found: by lint where the checkpoint is a folder on this machine, and otherwise before the run
prepares its data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan
from ftspec.spec.base import is_local

SLUGS = ("languages",)

_SEQ2SEQ = "AutoModelForSeq2SeqLM"
_MULTILINGUAL = frozenset({"M2M100", "MBart", "MBart50", "Nllb", "PLBart", "SeamlessM4T"})
_KEYS = ("src_lang", "tgt_lang")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Check the languages of a local checkpoint's tokenizer."""
    checkpoint = getattr(plan.tokenizer.config, "checkpoint", None) or plan.model.checkpoint
    if plan.tokenizer.type != "auto" or checkpoint is None or not is_local(checkpoint):
        return
    settings = _settings_in(Path(checkpoint))
    kind = str(settings.get("tokenizer_class", "")).removesuffix("Fast").removesuffix("Tokenizer")
    given = {name: getattr(plan.tokenizer.config, name) for name in _KEYS}
    at = ("tokenizer",)
    if kind not in _MULTILINGUAL:
        for name in (one for one in _KEYS if kind and given[one] is not None):
            yield Diagnostic(
                slug="languages",
                headline=f'the tokenizer "{kind}Tokenizer" has no languages',
                labels=labelled(spans.span((*at, name))),
                helps=(f'remove "{name}", and write the language in the template',),
            )
        return
    missing = [name for name in _KEYS if not (given[name] or settings.get(name))]
    if missing and plan.task.component.auto_model == _SEQ2SEQ:
        yield Diagnostic(
            slug="languages",
            headline=f'the tokenizer "{kind}Tokenizer" is multilingual, and "{missing[-1]}" is '
            "missing",
            labels=labelled(spans.span(at)),
            helps=(
                'write "tokenizer: {src_lang: …, tgt_lang: …}" with codes such as "eng_Latn"; for '
                "a summary both are the same",
            ),
        )


def _settings_in(folder: Path) -> dict[str, Any]:
    """The configuration of a tokenizer; empty if there is none to read."""
    try:
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}
