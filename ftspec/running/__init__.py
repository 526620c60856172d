"""A run from a spec to its end, as the command line and a Python program start it. Nothing here
prints, exits or reads the command line."""
