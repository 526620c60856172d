"""ftspec on the engines that start its processes. Takes long: ``make test-engines``."""
