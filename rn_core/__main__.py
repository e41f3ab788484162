"""Entry of `python -m rn_core`."""

import sys

from rn_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
