"""Nothing is converted for a while, and the environment is as before afterwards."""

from __future__ import annotations

import os

import pytest

from ftspec.engine.patches.safetensors_conversion import no_safetensors_conversion

VARIABLE = "DISABLE_SAFETENSORS_CONVERSION"


@pytest.mark.parametrize("before", [None, "0"])
def test_the_variable_is_as_before_afterwards(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if before is not None:
        monkeypatch.setenv(VARIABLE, before)
    with no_safetensors_conversion():
        assert os.environ[VARIABLE] == "1"
    assert os.environ.get(VARIABLE) == before
    with pytest.raises(OSError, match="no such file"), no_safetensors_conversion():
        raise OSError("no such file")
    assert os.environ.get(VARIABLE) == before
