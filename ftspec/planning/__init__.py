"""From a validated spec to a plan: every section resolved to its component."""
