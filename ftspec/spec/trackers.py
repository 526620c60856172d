"""Services that other tools report a run to. ftspec has TensorBoard; callbacks have the others."""

from __future__ import annotations

TRACKERS = (
    "azure_ml",
    "clearml",
    "codecarbon",
    "comet_ml",
    "dagshub",
    "dvclive",
    "flyte",
    "mlflow",
    "neptune",
    "swanlab",
    "trackio",
    "wandb",
)
"""The names that ``report_to`` of transformers knows."""

_PREFIXES = {
    **{f"{name}_": name for name in TRACKERS},
    "comet_": "comet_ml",
    "hf_mlflow_": "mlflow",
}
_WORDS = {"comet": "comet_ml", "weights_and_biases": "wandb"}


def tracker_named(word: str) -> str | None:
    """The service that a word names, such as ``wandb`` in ``report_to`` or ``use_wandb``."""
    name = word.lower().replace("-", "_").removeprefix("use_")
    return name if name in TRACKERS else _WORDS.get(name)


def tracker_of(key: str) -> str | None:
    """The service that a key belongs to, such as ``wandb_project``."""
    word = key.lower().replace("-", "_")
    named = tracker_named(word)
    owners = (name for prefix, name in _PREFIXES.items() if word.startswith(prefix))
    return named or next(owners, None)
