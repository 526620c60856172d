"""Diagnostics as data: what was found, where, and what to write instead."""
