"""What the other module needs."""

import no_such_package

NAME = no_such_package.NAME
