"""From YAML text to a document: values with the place each came from, overlays applied."""
