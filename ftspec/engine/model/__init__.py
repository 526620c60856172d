"""From a checkpoint to the model that is trained."""
