"""What a user imports besides the networks: models of configs, and what can be done with them."""

from importlib import import_module

# Public name → the module that it is imported from when it is first used.
_LOCATIONS = {
    'build_model': '.model',
    'load_model': '.model',
    'export': '.exporting',
    'make_exportable': '.exporting',
    'ExportReport': '.exporting',
    'predictor': '.predict',
    'Predictor': '.predict',
    'PredictionRun': '.predict',
    'find_sources': '.predict',
    'explain': '.explanation',
    'compare_cams': '.explanation',
    'Explanation': '.explanation',
}
__all__ = sorted(_LOCATIONS)


def __getattr__(name: str):
    if name not in _LOCATIONS:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_LOCATIONS[name], __name__), name)
