"""Extractive question answering: finds the answer in a text."""
