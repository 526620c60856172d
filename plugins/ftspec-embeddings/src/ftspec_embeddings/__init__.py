"""Sentence embeddings: texts to vectors that are close where the texts belong together."""
