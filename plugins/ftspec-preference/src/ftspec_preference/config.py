"""The keys of the tasks."""

from __future__ import annotations

from typing import Annotated, Literal

from ftspec.api import ComponentConfig, Field, LocalPath, Prediction, TaskConfig

LARGEST_TEMPLATE = 256 * 1024
"""Bytes of a chat template; the largest in use have a tenth of it."""

LossType = Literal[
    "sigmoid",
    "sigmoid-norm",
    "hinge",
    "ipo",
    "exo-pair",
    "nca-pair",
    "robust",
    "bco-pair",
    "sppo-hard",
    "aot",
    "aot-unpaired",
    "apo-zero",
    "apo-down",
    "discopop",
    "sft",
]

BATCH_LOSS_TYPES = ("aot", "aot-unpaired", "bco-pair", "sft")
"""Those that compare the rows of a batch, or count its tokens. All others are the mean over rows of
what each row gives by itself."""

SMOOTHED_LOSS_TYPES = ("exo-pair", "robust")
"""Those that read ``label_smoothing``."""


class ConversationConfig(TaskConfig):
    """What tasks over conversations share: how they are written, and how answers are drawn."""

    chat_template: str | None = Field(
        default=None,
        max_length=LARGEST_TEMPLATE,
        description="Jinja template that writes messages as one text; that of the checkpoint by "
        "default",
    )
    chat_template_file: Annotated[str, LocalPath(must_exist=True)] | None = Field(
        default=None, description="a file with the template"
    )
    system: str | None = Field(
        default=None, description="first message of every conversation that has no system message"
    )
    max_new_tokens: int = Field(default=128, ge=1, description="length of a generated answer")
    do_sample: bool = Field(default=False, description="draw the next token instead of the best")
    temperature: float = Field(default=1.0, gt=0, description="how evenly tokens are drawn")


class ChatConfig(ConversationConfig):
    """Answers learned from conversations."""

    @property
    def predictions(self) -> frozenset[Prediction]:
        """The mean loss over the tokens of answers."""
        return frozenset({"loss"})


class PreferenceConfig(ConversationConfig):
    """Answers preferred over worse ones."""

    beta: float = Field(
        default=0.1,
        gt=0,
        description="how much it costs to leave the reference; for ipo its regularization",
    )
    loss_type: LossType = Field(
        default="sigmoid", description="a loss of trl; sigmoid is DPO's own"
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=0.5, description="robust, exo-pair: share of pairs held to be wrong"
    )
    reference: Annotated[str, LocalPath(or_hub_name=True)] | None = Field(
        default=None,
        description="checkpoint that answers are compared with; the model before training by "
        "default",
    )

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Rewards of the answers of each row, and the mean loss over rows."""
        return frozenset({"reward-pair", "loss"})


class NoOptions(ComponentConfig):
    """A metric without keys."""
