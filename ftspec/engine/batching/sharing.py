"""Which rows of a step each of several processes computes."""

from __future__ import annotations

from dataclasses import dataclass

from ftspec.engine.batching.split_by_length import LengthTable, order_by_length, share


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """The share of one process, balanced by what it costs to compute. All must be told the same but
    ``process``; then no row is computed twice, and where there are fewer rows than processes, some
    have none."""

    process: int
    processes: int
    overhead_tokens: float = 0
    max_tokens: int | None = None
    pads: bool = True

    def own(self, lengths: LengthTable) -> list[int]:
        """The process's own rows, from short to long, of a step whose rows have these lengths."""
        order = order_by_length(lengths)
        shares = share(
            lengths[order],
            self.processes,
            self.overhead_tokens,
            self.max_tokens,
            pads=self.pads,
        )
        start, stop = shares[self.process]
        return order[start:stop]
