"""Chat tuning equals a plain Trainer whose labels are only the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conversations import MARKED_TEMPLATE, PAIR, TEMPLATE, rows_of
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

from ftspec.api import IGNORED_LABEL, RunError
from ftspec.testing.runs import CompiledRun, logged

Write = Callable[..., str]
Compiled = Callable[[str], CompiledRun]


@pytest.mark.parametrize(
    ("template", "batching"),
    [(TEMPLATE, "padded"), (TEMPLATE, "exact"), (MARKED_TEMPLATE, "exact")],
)
def test_losses_are_those_of_a_plain_trainer(
    template: str, batching: str, write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    """The same model and conversations, with labels from transformers."""
    run = compiled(write("chat", chat_template=template, batching=batching))
    run.trainer.save_model(str(tmp_path / "start"))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "start")
    tokenizer.chat_template = MARKED_TEMPLATE
    rows = []
    for row in rows_of("chat", 16):
        encoded = tokenizer.apply_chat_template(
            row["messages"], return_dict=True, return_assistant_tokens_mask=True
        )
        pairs = zip(encoded["input_ids"], encoded["assistant_masks"], strict=True)
        labels = [token if mark else IGNORED_LABEL for token, mark in pairs]
        rows.append({"input_ids": encoded["input_ids"], "labels": labels})

    def collate(batch: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        longest = max(len(row["input_ids"]) for row in batch)
        padded = {"input_ids": [], "labels": [], "attention_mask": []}
        for row in batch:
            missing = longest - len(row["input_ids"])
            padded["input_ids"].append([*row["input_ids"], *[0] * missing])
            padded["labels"].append([*row["labels"], *[IGNORED_LABEL] * missing])
            padded["attention_mask"].append([1] * len(row["input_ids"]) + [0] * missing)
        return {name: torch.tensor(values) for name, values in padded.items()}

    theirs = Trainer(
        model=AutoModelForCausalLM.from_pretrained(tmp_path / "start"),
        args=TrainingArguments(
            output_dir=str(tmp_path / "theirs"),
            max_steps=3,
            per_device_train_batch_size=8,
            learning_rate=1e-3,
            logging_steps=1,
            report_to=[],
            use_cpu=True,
        ),
        train_dataset=Dataset.from_list(rows),
        data_collator=collate,
    )
    theirs.train()
    run.trainer.train()
    assert len(logged(theirs)) == 3
    assert logged(run.trainer) == pytest.approx(logged(theirs), abs=1e-5)


@pytest.mark.parametrize("batching", ["padded", "exact"])
def test_the_side_that_a_tokenizer_pads_changes_nothing(
    batching: str, write: Write, compiled: Compiled
) -> None:
    """GPT-2 counts positions from the left of a batch, including padding."""
    right = compiled(write("chat"))
    left = compiled(write("chat", batching=batching))
    left.data.tokenizer.padding_side = "left"
    right.trainer.train()
    left.trainer.train()
    assert len(logged(right.trainer)) == 3
    assert logged(left.trainer) == pytest.approx(logged(right.trainer), abs=1e-5)


def test_accumulation_changes_nothing(write: Write, compiled: Compiled) -> None:
    text = write("chat")
    whole, parts = (
        compiled(text),
        compiled(
            text.replace(
                "train_batch_size: 8", "train_batch_size: 2, gradient_accumulation_steps: 4"
            )
        ),
    )
    for run in (whole, parts):
        run.trainer.train()
    assert logged(parts.trainer) == pytest.approx(logged(whole.trainer), abs=1e-5)


def test_a_prompt_and_its_completion_are_a_conversation(
    write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    talks, pairs = [], []
    for row in rows_of("preference", 16):
        pairs.append(row)
        roles = (("system", "Be brief."), ("user", row["prompt"]), ("assistant", row["chosen"]))
        talks.append({"messages": [{"role": role, "content": text} for role, text in roles]})
    path.write_text(
        "".join(json.dumps({**a, **b}) + "\n" for a, b in zip(pairs, talks, strict=True))
    )
    of_pairs = compiled(write("chat", PAIR, 'system: "Be brief."', rows=path))
    of_talks = compiled(write("chat", rows=path))
    # two tokenizers, learned from two texts: the names of the roles are in one of them
    decode, other = of_pairs.data.tokenizer.decode, of_talks.data.tokenizer.decode
    encoded = of_pairs.data.encoded["train"], of_talks.data.encoded["train"]
    for left, right in zip(*encoded, strict=True):
        assert decode(left["input_ids"]).startswith("<|system|>\nBe brief.\n<|user|>\n")
        assert decode(left["input_ids"]) == other(right["input_ids"])


def test_rows_are_never_without_labels(write: Write, compiled: Compiled, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    long = {"role": "user", "content": "why " * 200}
    answer = {"role": "assistant", "content": "because"}
    rows = [
        *rows_of("chat", 13),
        {"messages": [long, answer]},  # no room for the answer
        {"messages": [long]},  # no answer
        {"messages": [{"role": "user", "content": "Hi"}, {**answer, "content": "ah " * 300}]},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = compiled(write("chat", rows=path))
    encoded = run.data.encoded["train"]
    assert len(encoded) == 14
    assert all(any(label != IGNORED_LABEL for label in labels[1:]) for labels in encoded["labels"])
    assert max(map(len, encoded["input_ids"])) == 200
    notes = "\n".join(run.trainer.notes)
    assert "train: 2 of 16 rows are dropped: they have no answer, or none within" in notes
    assert 'train: the answers of 1 rows are truncated to fit "max_length: 200"' in notes
    assert "rows are dropped" in "".join(compiled(write("chat", rows=path)).trainer.notes)
    with pytest.raises(RunError, match="no row has an answer within") as caught:
        compiled(write("chat", rows=path, max_length=8))
    assert caught.value.slug == "preference/no-answers"


def test_a_row_that_lint_does_not_see_is_named(
    write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    talk = [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "b"}]
    rows = [{"messages": talk}] * 1010 + [{"messages": [talk[0], {"role": "assistant"}]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = (
        write("chat", rows=path)
        .replace("train[:16]", "train")
        .replace("validation[:10]", "train[:8]")
    )
    with pytest.raises(RunError, match=r"no text .* \(in row 1,011 of the train split\)"):
        compiled(text)


SHAREGPT = [{"from": "human", "value": "A tree?"}, {"from": "gpt", "value": "An elm."}]


def test_shapes_are_said_and_encoded_alike(
    write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    """From and value, and the same in texts of JSON."""
    encoded = []
    for value in (SHAREGPT, json.dumps(SHAREGPT)):
        path = tmp_path / "rows.jsonl"
        path.write_text((json.dumps({"messages": value}) + "\n") * 16)
        run = compiled(write("chat", rows=path))
        (said,) = [note for note in run.trainer.notes if note.startswith("conversations:")]
        assert '"from" and "value"' in said
        assert '"human" is user, "gpt" is assistant' in said
        assert ("texts of JSON" in said) is isinstance(value, str)
        decode = run.data.tokenizer.decode
        row = run.data.encoded["train"][0]
        mask = run.data.task.learned_tokens(row)["input_ids"]
        pairs = zip(row["input_ids"], mask, strict=True)
        encoded.append(
            (decode(row["input_ids"]), decode([one for one, is_learned in pairs if is_learned]))
        )
    assert encoded[0] == encoded[1]
    assert encoded[0][0].startswith("<|user|>\nA tree?")
    assert encoded[0][1].startswith("An elm.")


ENDLESS = TEMPLATE.replace("{{ eos_token if message.role == 'assistant' }}", "")


def test_answers_without_an_end_are_said(write: Write, compiled: Compiled) -> None:
    said = "of answers end with no token that ends generation"
    for template, share in ((TEMPLATE, None), (ENDLESS, "100%")):
        notes = compiled(write("chat", chat_template=template)).trainer.notes
        found = [note for note in notes if said in note]
        assert len(found) == (2 if share else 0), template  # one for each split
        if share == "100%":
            assert found[0].startswith(f"warning: train: {share} {said}")
    notes = compiled(write("preference", chat_template=ENDLESS)).trainer.notes
    assert any(f"warning: train: 100% {said}" in note for note in notes)


TOOL_TEMPLATE = """\
{% for tool in tools or [] %}{{ tool | tojson }}{% endfor %}{% for m in messages %}<{{ m.role }}>\
{{ m.content }}{% for call in m.tool_calls or [] %}{{ call.function | tojson }}{% endfor %}\
{{ eos_token if m.role == 'assistant' }}{% endfor %}{% if add_generation_prompt %}<assistant>\
{% endif %}"""
WITH_TOOLS = 'messages: "{messages}", tools: "{tools}"'


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Rows with tools, a call, and null content."""
    path = tmp_path / "calls.jsonl"
    call = {"type": "function", "function": {"name": "tide", "arguments": '{"port": "Brest"}'}}
    messages = [
        {"role": "user", "content": "How high?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "name": "tide", "content": "5.2 m"},
        {"role": "assistant", "content": "5.2 metres"},
    ]
    tools = [{"type": "function", "function": {"name": "tide", "parameters": {}}}]
    path.write_text((json.dumps({"messages": messages, "tools": tools}) + "\n") * 16)
    return path


def test_tools_and_calls_reach_the_template(calls: Path, write: Write, compiled: Compiled) -> None:
    run = compiled(write("chat", WITH_TOOLS, chat_template=TOOL_TEMPLATE, rows=calls))
    row = run.data.encoded["train"][0]
    decode, pairs = run.data.tokenizer.decode, zip(row["input_ids"], row["labels"], strict=True)
    text = decode(row["input_ids"])
    assert text.startswith('{"type": "function", "function": {"name": "tide", "parameters": {}}}')
    call = '{"name": "tide", "arguments": {"port": "Brest"}}'
    learned = decode([token for token, label in pairs if label != IGNORED_LABEL])
    end = run.data.tokenizer.eos_token
    assert learned == f"{call}{end}5.2 metres{end}"
    rows = [json.loads(line) for line in calls.read_text().splitlines()]
    (answer,) = run.data.task.predict(run.model.eval(), rows[:1])
    assert answer["prompt"] == "5.2 m"


@pytest.mark.parametrize(
    ("template", "what"),
    [
        (TEMPLATE + "{# tool #}", "tools"),
        (TOOL_TEMPLATE.replace("call.function | tojson", "''"), "calls of tools"),
    ],
)
def test_a_template_without_tools_is_refused(
    template: str, what: str, calls: Path, write: Write, compiled: Compiled
) -> None:
    with pytest.raises(RunError, match=f"the data has {what}, and the chat template") as caught:
        compiled(write("chat", WITH_TOOLS, chat_template=template, rows=calls))
    assert caught.value.slug == "preference/template-tools"


def test_roles_that_a_template_leaves_out_are_said(
    calls: Path, write: Write, compiled: Compiled
) -> None:
    template = TOOL_TEMPLATE.replace("{{ m.content }}", "{{ m.content if m.role != 'tool' }}")
    notes = compiled(write("chat", WITH_TOOLS, chat_template=template, rows=calls)).trainer.notes
    assert 'warning: the chat template does not write messages of the role "tool"' in notes


def test_a_known_template_brings_its_tokens(
    write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    text = write("chat").replace(
        f'chat_template_file: "{tmp_path}/template.jinja"', "chat_template: chatml"
    )
    run = compiled(text)
    assert any('"<|im_start|>", "<|im_end|>"' in note for note in run.trainer.notes)
    assert not any("no token that ends generation" in note for note in run.trainer.notes)
    tokenizer = run.data.tokenizer
    assert tokenizer.eos_token == "<|im_end|>"
    assert run.model.get_input_embeddings().num_embeddings >= len(tokenizer)
    run.trainer.train()
    run.trainer.save_model(str(tmp_path / "saved"))
    saved = AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert saved.eos_token == "<|im_end|>"
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "saved")
    ends = model.generation_config.eos_token_id
    assert saved.eos_token_id in (ends if isinstance(ends, list) else [ends])


def test_answers_end_and_leave_prompts_alone(write: Write, compiled: Compiled) -> None:
    run = compiled(write("chat"))
    task, model = run.data.task, run.model.eval()
    talk = rows_of("chat", 1)[0]["messages"]
    asked, answered = task.predict(model, [{"messages": talk[:3]}, {"messages": talk}])
    assert asked == answered == task.predict(model, [{"messages": talk}])[0]
    assert asked["prompt"] == talk[2]["content"]
    (bare,) = task.predict(model, [{"messages": "What is a litchi?"}])
    assert bare["prompt"] == "What is a litchi?"
    with pytest.raises(RunError, match="the model has 256 positions"):
        task.predict(model, [{"messages": "why " * 300}])


def test_a_file_that_changed_makes_rows_anew(write: Write, compiled: Compiled) -> None:
    for template in (TEMPLATE, TEMPLATE.replace("<|", "[[").replace("|>", "]]"), TEMPLATE):
        run = compiled(write("chat", chat_template=template))
        text = run.data.tokenizer.decode(run.data.encoded["train"][0]["input_ids"])
        assert text.startswith("[[user]]" if "[[" in template else "<|user|>")
        assert run.data.tokenizer.chat_template == template
