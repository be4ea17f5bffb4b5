"""``mmuniformer doctor`` as a script, which runs in a checkout where nothing is installed."""

import sys
from pathlib import Path

if __name__ == '__main__':
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.argv[:1] = ['mmuniformer', 'doctor']
    from mmuniformer.cli import main

    main()
