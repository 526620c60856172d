"""Sizes, durations and ages as text."""

from __future__ import annotations

from datetime import UTC, datetime

_PREFIXES = ("", "k", "M", "G", "T", "P")


def shown_size(size: int) -> str:
    """A number of bytes, such as ``1.2 GB``."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def shown_time(seconds: float) -> str:
    """A duration, such as ``8:17`` or ``2:05:00``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def shown_age(moment: datetime) -> str:
    """The time since a moment, such as ``3 days ago``."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def shown_amount(amount: float, unit: str) -> str:
    """An amount with three digits, such as ``20.4 GFLOP/s`` or ``1.17 GB``."""
    power = 0
    while abs(amount) >= 999.5 and power < len(_PREFIXES) - 1:
        amount, power = amount / 1000, power + 1
    is_whole = abs(amount) >= 99.95 or amount == int(amount)
    digits = 0 if is_whole else 1 if abs(amount) >= 9.995 else 2
    return f"{amount:.{digits}f} {_PREFIXES[power]}{unit}"


def shown_duration(seconds: float) -> str:
    """A duration in its two largest units, such as ``12 min 3 s``."""
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    left = round(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 "))
