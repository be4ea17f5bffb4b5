"""Whether the toolboxes are maintained forks, which mim does not find."""

from importlib.metadata import distributions


def has_forks() -> bool:
    return any(found.name.startswith('onedl-mm') for found in distributions())
