"""The keys of the tasks."""

from __future__ import annotations

from typing import Annotated, Literal

from ftspec.api import ComponentConfig, Field, LocalPath, Prediction, TaskConfig

LARGEST_TEMPLATE = 256 * 1024
"""Maximum bytes of a chat template. The largest ones in use have a tenth of it."""

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
"""Losses that compare the rows of a batch, or count its tokens. All others are a mean over
independent rows."""

SMOOTHED_LOSS_TYPES = ("exo-pair", "robust")
"""Losses that use ``label_smoothing``."""


class ConversationConfig(TaskConfig):
    """The keys of all tasks over conversations: the chat template, and generation."""

    chat_template: str | None = Field(
        default=None,
        max_length=LARGEST_TEMPLATE,
        description="Jinja template that turns messages into text, or a well-known name such as "
        "chatml; the template of the checkpoint by default",
    )
    chat_template_file: Annotated[str, LocalPath(must_exist=True)] | None = Field(
        default=None, description="a file with the template"
    )
    system: str | None = Field(
        default=None, description="first message of every conversation that has no system message"
    )
    roles: dict[str, str] | None = Field(
        default=None,
        description="what the names of roles in the data mean, such as narrator: user",
    )
    max_new_tokens: int = Field(default=128, ge=1, description="maximum number of generated tokens")
    do_sample: bool = Field(
        default=False, description="sample tokens instead of taking the most likely"
    )
    temperature: float = Field(default=1.0, gt=0, description="sampling temperature")


class ChatConfig(ConversationConfig):
    """Supervised fine-tuning on the answers in conversations."""

    @property
    def predictions(self) -> frozenset[Prediction]:
        """The mean loss over the tokens of answers."""
        return frozenset({"loss"})


class PreferenceConfig(ConversationConfig):
    """Preference tuning: answers that are preferred over others."""

    beta: float = Field(
        default=0.1,
        gt=0,
        description="strength of the KL penalty to the reference; for ipo the regularization",
    )
    loss_type: LossType = Field(
        default="sigmoid", description="a loss of trl; sigmoid is the loss of DPO"
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=0.5, description="robust, exo-pair: assumed fraction of wrong pairs"
    )
    reference: Annotated[str, LocalPath(or_hub_name=True)] | None = Field(
        default=None,
        description="checkpoint of the reference model; the model before training by default",
    )

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Rewards of both answers of each row, and the mean loss."""
        return frozenset({"reward-pair", "loss"})


class NoOptions(ComponentConfig):
    """A metric without keys."""
