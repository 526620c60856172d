"""Every claim about speed, measured: ``python -m benchmarks [NAME…]``.

A benchmark is a module with a function ``measure(rounds)`` that yields rows of one record
(:class:`benchmarks.rows.Row`). The cases of a comparison run interleaved, so that a busy machine
slows all of them alike. What counts is the median of the ratios within a round.
"""
