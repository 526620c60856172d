"""The output layer of a model with an adapter, whose weights trl reads without calling it."""

from __future__ import annotations

from typing import Any

from ftspec.api import RunError


def settle_output_layer(model: Any) -> None:
    """Let trl compute with the output layer as it is trained.

    Where new tokens are rows of an output layer that is tied to the embeddings, the layer is
    wrapped: the wrapper has the trained weights, and lacks the bias.

    Raises:
        RunError: the layer has matrices of its own, which trl would leave out.
    """
    layer = model.get_output_embeddings()
    if hasattr(layer, "base_layer"):
        raise RunError(
            "preference tuning does not apply an adapter of the output layer",
            slug="preference/output-layer",
            at=("model", "adapter"),
            helps=(
                'remove the output layer from "target_modules", or train it whole with '
                '"modules_to_save"',
            ),
        )
    if hasattr(layer, "original_module") and not hasattr(layer, "bias"):
        # not as an attribute of the module, which would be a second parameter
        vars(layer)["bias"] = getattr(layer.original_module, "bias", None)
