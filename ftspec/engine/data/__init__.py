"""From a data source to encoded rows."""
