"""What predictions are worth: values with intervals, tables, and the worst rows."""
