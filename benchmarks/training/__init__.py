"""The families of models, trained in every way that is compared."""
