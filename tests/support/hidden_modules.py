"""Code that hides installed modules from the process it is run in."""

HIDE = """
import importlib.machinery, sys
finders = [each for each in sys.meta_path if 'distutils' not in repr(each).lower()]
sys.meta_path[:] = finders  # setuptools has one for distutils
find = importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = staticmethod(
    lambda name, *where: None if name.split('.')[0] in {names} else find(name, *where)
)
for name in [name for name in sys.modules if name.split('.')[0] in {names}]:
    del sys.modules[name]
"""


def hiding(*names: str) -> str:
    """Return code that hides the packages ``names`` from Python's own finders."""
    return HIDE.format(names=names)
