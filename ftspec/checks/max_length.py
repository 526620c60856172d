"""The maximum length is larger than the number of positions of the model.

Why: the first long row would index past the end of the position embeddings. On a GPU this fails
with "device-side assert triggered", which does not name the cause. Lint knows the limit without a
download for local folders, installed packages and well-known checkpoints.

Bad:

    tokenizer: {max_length: 1024}

Good:

    tokenizer: {max_length: 512}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.files import folder_of_package
from ftspec.planning.plan import Plan
from ftspec.planning.positions import over_limit, positions_in
from ftspec.rundir import run_at
from ftspec.spec.base import is_local

SLUGS = ("max-length",)

_LARGEST = 1_000_000  # bytes of a config.json; a larger one is something else
_KNOWN = tuple(
    (re.compile(pattern), model_type, positions)
    for pattern, model_type, positions in (
        (r"(?:google-bert/)?bert-(?:base|large)-.+|prajjwal1/bert-.+", "bert", 512),
        (r"google/bert_uncased_.+|google/electra-.+-discriminator", "bert", 512),
        (r"(?:distilbert/)?distilbert-base-.+", "distilbert", 512),
        (r"(?:FacebookAI/)?(?:xlm-)?roberta-(?:base|large)", "roberta", 514),
        (r"distilbert/distilroberta-base|distilroberta-base", "roberta", 514),
        (r"(?:almanach/)?camembert-base|microsoft/mpnet-base", "roberta", 514),
        (r"(?:albert/)?albert-.+-v[12]|microsoft/deberta-v3-.+", "bert", 512),
        (r"sentence-transformers/all-MiniLM-L(?:6|12)-v[12]", "bert", 512),
        (r"(?:openai-community/)?gpt2(?:-medium|-large|-xl)?", "gpt2", 1024),
        (r"(?:distilbert/)?distilgpt2", "gpt2", 1024),
        (r"facebook/bart-(?:base|large)(?:-cnn|-xsum|-mnli)?", "bart", 1024),
        (r"Helsinki-NLP/opus-mt-(?!tc-).+", "marian", 512),
        (r"EleutherAI/gpt-neo-(?:125m|1\.3B|2\.7B)|EleutherAI/pythia-.+", "gpt_neo", 2048),
        (r"facebook/opt-.+", "opt", 2048),
    )
)

OF_ARCHITECTURE = {
    **dict.fromkeys(("albert", "bert", "camembert", "deberta-v2", "distilbert", "electra"), 512),
    **dict.fromkeys(("mpnet", "roberta", "xlm-roberta"), 512),
    **dict.fromkeys(("bart", "gpt2", "marian", "mbart", "pegasus"), 1024),
    **dict.fromkeys(("falcon", "gpt_neo", "gpt_neox", "gptj", "llama", "opt", "phi"), 2048),
}
"""The positions of a new configuration, if the spec does not set them."""


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the lengths with the positions of the checkpoint, including overrides."""
    limit = positions_in({**_settings(plan), **plan.model.config})
    for key in ("max_length", "max_target_length"):
        length = getattr(plan.tokenizer.config, key)
        if limit is None or length is None or length <= limit:
            continue
        headline, help_ = over_limit(key, length, limit)
        yield Diagnostic(
            slug="max-length",
            headline=headline,
            labels=labelled(spans.span((*plan.tokenizer.at, key))),
            helps=(help_,),
        )


def _settings(plan: Plan) -> Mapping[str, Any]:
    """What is known of the checkpoint's configuration without a download."""
    checkpoint = plan.model.checkpoint
    if checkpoint is None:
        architecture = plan.model.architecture or ""
        settings = {"model_type": architecture}
        if "n_positions" in plan.model.config or architecture not in OF_ARCHITECTURE:
            return settings
        return {**settings, "max_position_embeddings": OF_ARCHITECTURE[architecture]}
    if checkpoint.startswith("package:"):
        package, _, path = checkpoint.removeprefix("package:").partition("/")
        # finding a dotted name would import its parents, and lint runs no code
        root = folder_of_package(package) if package.isidentifier() else None
        return _read(root / path) if root is not None else {}
    if is_local(checkpoint):
        return _read(_folder_of_model(Path(checkpoint)))
    for pattern, model_type, positions in _KNOWN:
        if pattern.fullmatch(checkpoint):
            return {"model_type": model_type, "max_position_embeddings": positions}
    return {}


def _folder_of_model(path: Path) -> Path:
    """The folder itself, or that of the model if it is a run directory."""
    try:
        run_dir = run_at(path)
    except (OSError, ValueError):  # a path that no file can have
        return path
    return run_dir.model if run_dir is not None else path


def _read(folder: Path) -> Mapping[str, Any]:
    path = folder / "config.json"
    if not path.is_file():  # a pipe may never end
        return {}
    try:
        with path.open("rb") as stream:
            found = json.loads(stream.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
