"""How the rows of a step are cut into the batches that the device computes."""
