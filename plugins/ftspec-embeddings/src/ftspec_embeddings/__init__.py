"""Sentence embeddings: vectors that are close for texts that belong together."""
