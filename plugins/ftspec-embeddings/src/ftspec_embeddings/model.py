"""A loaded model as a SentenceTransformer, which saves itself in the format of the library."""

from __future__ import annotations

import tempfile
from typing import Any

from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules.transformer import Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from transformers import PreTrainedTokenizerBase

from ftspec_embeddings.config import SentenceEmbeddingConfig

_POOLING = {
    "mean": "mean",
    "cls": "cls",
    "max": "max",
    "mean-sqrt-len-tokens": "mean_sqrt_len_tokens",
    "weighted-mean": "weightedmean",
    "last-token": "lasttoken",
}


def as_sentence_transformer(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    config: SentenceEmbeddingConfig,
) -> SentenceTransformer:
    """The model with its token vectors pooled to one vector. ``model`` may have an adapter."""
    with tempfile.TemporaryDirectory(prefix="ftspec-") as folder:
        model.config.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        transformer = _Loaded(
            folder,
            model_kwargs={"loaded": model},
            modality_config={
                "text": {"method": "forward", "method_output_name": "last_hidden_state"}
            },
            module_output_name="token_embeddings",
            max_seq_length=max_length,
        )
    # the saved modules must name the class of the library
    transformer.__class__ = Transformer
    pooling: Any = _POOLING[config.pooling]
    modules: list[Any] = [transformer, Pooling(transformer.get_embedding_dimension(), pooling)]
    if config.normalize:
        modules.append(Normalize())
    return SentenceTransformer(modules=modules, device="cpu", similarity_fn_name="cosine")


class _Loaded(Transformer):
    """A Transformer with a loaded model. The library can only load from a folder, which would lose
    an adapter and make a copy."""

    def _load_model(self, *arguments: Any, **options: Any) -> Any:
        return options["loaded"]
