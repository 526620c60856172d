"""Which components are installed: discovered plugin by plugin, kept in a frozen registry."""
