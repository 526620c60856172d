"""Chat templates with well-known names, for checkpoints that have none.

Each writes what the models of that family read. None has a part for tools.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class KnownTemplate:
    """A chat template.

    Attributes:
        text: the Jinja template.
        tokens: the special tokens that it writes.
        end: the one of them that ends an answer; ``None`` for that of the tokenizer.
    """

    text: str
    tokens: tuple[str, ...] = ()
    end: str | None = None


# the system message, if there is one, as a text of its own; then the other messages
_SPLIT = """\
{%- if messages[0].role == 'system' -%}
  {%- set system = messages[0].content | trim -%}
  {%- set rest = messages[1:] -%}
{%- else -%}
  {%- set system = SYSTEM -%}
  {%- set rest = messages -%}
{%- endif -%}
"""


def _with_system(text: str, default: str = "") -> str:
    return _SPLIT.replace("SYSTEM", repr(default)) + text


_CHATML = """\
{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""

_ZEPHYR = """\
{%- for message in messages -%}
{{ '<|' + message.role + '|>\\n' + message.content + eos_token + '\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|>\\n' }}{%- endif -%}
"""

_PHI3 = """\
{%- for message in messages -%}
{{ '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|>\\n' }}{%- endif -%}
"""

_LLAMA3 = """\
{{- bos_token -}}
{%- for message in messages -%}
{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim }}
{{- '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif -%}
"""

_GEMMA = _with_system("""\
{{- bos_token -}}
{%- for message in rest -%}
{{ '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\\n' }}
{{- system + '\\n\\n' if loop.first and system -}}
{{ message.content | trim + '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\\n' }}{%- endif -%}
""")

_LLAMA2 = _with_system("""\
{%- for message in rest -%}
{%- if message.role == 'assistant' -%}
{{ ' ' + message.content | trim + ' ' + eos_token }}
{%- else -%}
{{- bos_token -}}
{{ '[INST] ' }}
{{- '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' if loop.first and system -}}
{{ message.content | trim + ' [/INST]' }}
{%- endif -%}
{%- endfor -%}
""")

_MISTRAL = _with_system("""\
{{- bos_token -}}
{%- for message in rest -%}
{%- if message.role == 'assistant' -%}
{{ ' ' + message.content | trim + eos_token }}
{%- else -%}
{{ '[INST] ' }}
{{- system + '\\n\\n' if loop.first and system -}}
{{ message.content | trim + ' [/INST]' }}
{%- endif -%}
{%- endfor -%}
""")

_ALPACA = _with_system(
    """\
{{- bos_token -}}
{{ system + '\\n\\n' }}
{%- for message in rest -%}
{%- if message.role == 'assistant' -%}
{{ '### Response:\\n' + message.content + eos_token + '\\n\\n' }}
{%- else -%}
{{ '### Instruction:\\n' + message.content + '\\n\\n' }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '### Response:\\n' }}{%- endif -%}
""",
    "Below is an instruction that describes a task. Write a response that appropriately completes "
    "the request.",
)

_VICUNA = _with_system(
    """\
{{- bos_token -}}
{{ system + ' ' }}
{%- for message in rest -%}
{%- if message.role == 'assistant' -%}
{{ 'ASSISTANT: ' + message.content | trim + eos_token }}
{%- else -%}
{{ 'USER: ' + message.content | trim + ' ' }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ 'ASSISTANT:' }}{%- endif -%}
""",
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives "
    "helpful, detailed, and polite answers to the user's questions.",
)

KNOWN_TEMPLATES = {
    "alpaca": KnownTemplate(text=_ALPACA),
    "chatml": KnownTemplate(text=_CHATML, tokens=("<|im_start|>", "<|im_end|>"), end="<|im_end|>"),
    "gemma": KnownTemplate(
        text=_GEMMA, tokens=("<start_of_turn>", "<end_of_turn>"), end="<end_of_turn>"
    ),
    "llama2": KnownTemplate(text=_LLAMA2),
    "llama3": KnownTemplate(
        text=_LLAMA3,
        tokens=("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        end="<|eot_id|>",
    ),
    "mistral": KnownTemplate(text=_MISTRAL),
    "phi3": KnownTemplate(
        text=_PHI3,
        tokens=("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
        end="<|end|>",
    ),
    "vicuna": KnownTemplate(text=_VICUNA),
    "zephyr": KnownTemplate(text=_ZEPHYR),
}
"""The templates by name."""
