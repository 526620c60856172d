"""The families of models, learned in every way that is compared."""
