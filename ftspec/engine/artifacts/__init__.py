"""Results of a finished run: predictions, an export, a merged model."""
