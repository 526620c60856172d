"""The machines of a run prepare the same rows, each for its own processes."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase

from ftspec.engine.data.cache_key import PreparationInputs, contents_of
from ftspec.engine.processes.group import Group
from ftspec.errors import RunError

_KEY = "cache key"


def rows_of_machine(group: Group) -> str:
    """The name under which the first process of a machine posts the folders of its rows."""
    return f"rows on {group.launch.machine}"


def require_equal_rows(
    inputs: PreparationInputs, tokenizer: PreTrainedTokenizerBase, group: Group
) -> None:
    """Refuse to train if this machine prepared different rows than the first one. The first process
    of each machine calls it.

    Raises:
        RunError: the rows are different.
        AnotherFailedError: the first process failed.
    """
    own = dict(inputs.cache_keys["train"].digests)
    if inputs.tokenizer is None:
        own["trained tokenizer"] = ",".join(map(str, contents_of(tokenizer).values()))
    if group.launch.is_first:
        group.post(_KEY, own)
        return
    first = group.wait_for(_KEY)
    differing = sorted(name for name in own if own[name] != first.get(name))
    if differing:
        raise RunError(
            "this machine prepared different rows than the first machine: "
            f"{', '.join(differing)} differ",
            slug="machines-differ",
            at=("data",),
            helps=("use the same files, packages and versions on all machines",),
        )
