"""How rows become the batches that the device computes: pure functions and data."""
