"""The sections of a spec as pydantic models: the skeleton of the language."""
