"""From a plan to a trained model: the only floor where heavy libraries are at home."""
