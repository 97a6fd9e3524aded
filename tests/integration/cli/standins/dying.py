"""Says something and dies."""

import sys

sys.exit("something is missing")
