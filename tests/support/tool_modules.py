"""Import the modules of tools/, which is no package."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


def load_tool(name: str, folder: Path = TOOLS) -> ModuleType:
    """Import a module as the scripts do, without leaving their folder on the path."""
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
