"""Reads files of rows with the standard library: the only reader of a run, of lint and of
predictions."""
