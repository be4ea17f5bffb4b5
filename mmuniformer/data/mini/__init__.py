"""Small labeled data sets that are drawn, in the on-disk formats of real ones."""

from .sets import MINI_SETS, MadeSet, MiniSet, make_mini_set

__all__ = ['MINI_SETS', 'MadeSet', 'MiniSet', 'make_mini_set']
