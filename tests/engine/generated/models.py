"""Models, and the tokenizers that may go with them."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.engine.generated.data import Files
from tests.engine.generated.drawing import Spec, maybe, mostly

_ARCHITECTURES: dict[str, dict[str, Spec]] = {
    "classification": {
        "bert": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        "roberta": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        "electra": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        "distilbert": {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32},
        "gpt2": {"n_embd": 16, "n_layer": 1, "n_head": 2},
        "t5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2},
    },
    "text-to-text": {
        "t5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2},
        "mt5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2},
        "bart": {
            **{f"{half}_layers": 1 for half in ("encoder", "decoder")},
            **{f"{half}_attention_heads": 2 for half in ("encoder", "decoder")},
            **{f"{half}_ffn_dim": 32 for half in ("encoder", "decoder")},
            "d_model": 16,
        },
    },
    "generation": {
        "gpt2": {"n_embd": 16, "n_layer": 1, "n_head": 2},
        "llama": {
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
        },
        "gpt_neox": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
    },
}
_FOLDERS = {"classification": "bert", "text-to-text": "t5", "generation": "gpt2"}


@st.composite
def models(draw: st.DrawFn, files: Files, family: str) -> Spec:
    if draw(st.booleans()):
        model: Spec = {"checkpoint": files.models[_FOLDERS[family]]}
        maybe(draw, model, "init", st.sampled_from(("pretrained", "random")))
        return model
    architecture, config = draw(st.sampled_from(sorted(_ARCHITECTURES[family].items())))
    return {"init": "random", "architecture": architecture, "config": config}


@st.composite
def tokenizers(draw: st.DrawFn, files: Files, model: Spec, family: str) -> Spec:
    """The tokenizer; one that is learned mostly goes with random weights."""
    tokenizer: Spec = {"type": "auto"}
    if "checkpoint" not in model or draw(st.integers(0, 3)) == 3:
        if draw(st.booleans()):
            tokenizer["checkpoint"] = files.models[_FOLDERS[family]]
        else:
            if "checkpoint" in model:
                model["init"] = draw(mostly(st.just("random"), st.just("pretrained")))
            algorithms = st.sampled_from(("bpe", "unigram"))
            tokenizer = {
                "type": "train",
                "algorithm": draw(mostly(algorithms, st.just("wordpiece"))),
                "vocab_size": draw(st.sampled_from((300, 500))),
            }
            maybe(draw, tokenizer, "lowercase", st.booleans())
            maybe(draw, tokenizer, "min_frequency", st.integers(1, 3))
    if family == "generation":  # blocks longer than the text are for the data to show
        tokenizer["max_length"] = draw(st.integers(8, 32))
    else:
        maybe(draw, tokenizer, "max_length", mostly(st.integers(8, 64), st.integers(65, 5000)))
    if family == "text-to-text":
        maybe(draw, tokenizer, "max_target_length", st.integers(2, 64))
    return tokenizer
