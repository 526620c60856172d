"""Saves a model with an adapter: its files, and a model card without local paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData
from peft import MODEL_TYPE_TO_PEFT_MODEL_MAPPING, PeftModel

_CARD = """\
---
{data}
---
# Adapter of {base}

The weights of an adapter, without the weights of its base model. To load it with `peft`:

    PeftModel.from_pretrained(model, "this folder")
"""


class AdapterAlone(PeftModel):
    """A mixin for the classes of ``peft``."""

    def save_pretrained(self, save_directory: str, *rest: Any, **options: Any) -> None:
        """As ``peft``, but without asking the Hub at each save whether the embeddings have grown.
        Rows of new tokens are part of the adapter."""
        options.setdefault("save_embedding_layers", False)
        super().save_pretrained(save_directory, *rest, **options)

    def create_or_update_model_card(self, output_dir: str) -> None:
        """Write a card, which names the checkpoint if it is on the Hub and not a secret. The name
        of a local folder is not useful, and the Hub refuses a reference to the environment."""
        name = str(self.peft_config[self.active_adapter].base_model_name_or_path)
        loaded = str(self.get_base_model().name_or_path)
        is_named = name == loaded and not Path(loaded).is_dir()
        data = ModelCardData(
            base_model=name if is_named else None, library_name="peft", tags=["ftspec", "lora"]
        )
        base = f"`{name}`" if is_named else "a local or private model"
        card = ModelCard(_CARD.format(data=data.to_yaml(), base=base))
        card.save(Path(output_dir, "README.md"))


def model_class(task_type: str | None) -> type[AdapterAlone]:
    """The class of models with an adapter for a task."""
    base = MODEL_TYPE_TO_PEFT_MODEL_MAPPING.get(task_type or "", PeftModel)
    return type(base.__name__, (AdapterAlone, base), {})
