"""The machine that numbers were measured on: what they depend on, nothing that identifies it."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("click", "pluggy", "pydantic", "PyYAML", "torch", "transformers", "datasets")


def describe_machine() -> dict[str, str]:
    """Date, processor, system, and the versions of the libraries."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        **_gpu(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{package: found for package in _PACKAGES if (found := _version(package))},
    }


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _gpu() -> dict[str, str]:
    """The GPU, if the benchmark has loaded torch and can use one."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return {}
    return {"GPU": torch.cuda.get_device_name()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
