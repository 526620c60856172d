"""Whole specs, generated: see :mod:`tests.engine.generated.specs`."""
