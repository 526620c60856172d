"""Is not light."""

import numpy as np

LARGEST = float(np.finfo(np.float32).max)
