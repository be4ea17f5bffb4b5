"""Whether the toolboxes are maintained forks, which mim does not find."""

import sys
from importlib.metadata import distributions
from pathlib import Path


def has_forks() -> bool:
    return any(found.name.startswith('onedl-mm') for found in distributions())


def command_for(name: str, toolbox: str) -> list[str]:
    """``mim train mmdet`` or ``mim test mmdet``, or what a user of the forks types instead.

    mim looks for toolboxes by the names of the stock distributions.
    """
    bin_folder = Path(sys.executable).parent
    if has_forks():
        return [str(bin_folder / 'mmuniformer'), name]
    return [str(bin_folder / 'mim'), name, toolbox]
