"""Every claim about speed, measured: ``python -m benchmarks [NAME…]``.

A benchmark is a module with a function ``measure(rounds)`` that yields rows of one record
(:class:`benchmarks.rows.Row`). What is compared runs interleaved, so that a busy machine slows all
alike, and what counts is the median of the ratios within a round.
"""
