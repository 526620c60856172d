"""The other module imports this one."""

import no_such_package

NAME = no_such_package.NAME
