"""Doors into the toolboxes: bare names, adapters, and repairs of faults the toolboxes have today.

Nothing on disk is changed, and a repair does something only where its fault is present.
"""

import os

from . import hue, mmaction, mmcv_ops, mmengine, mmpose, multimodal, numpy_names, python_library


def open_doors() -> None:
    """Put the repairs in place and register the bare names everywhere. Called once, on import.

    ``MMUNIFORMER_PATCHES=0`` leaves the repairs out; the names are registered all the same.
    """
    if os.environ.get('MMUNIFORMER_PATCHES') != '0':
        _repair()
    mmengine.register_bare_names()
    mmaction.register_bare_names()


def _repair() -> None:
    # Those that make modules importable come before those that import a toolbox.
    mmcv_ops.serve_operators()
    python_library.restore_find_loader()
    python_library.serve_setuptools()
    numpy_names.restore_names()
    hue.allow_negative_hue_shifts()
    mmpose.serve_xtcocotools()
    mmpose.let_keypoints_be_drawn()
    mmaction.serve_decord()
    mmaction.serve_missing_drn()
    multimodal.leave_out_multimodal()
    mmengine.find_forks()
    mmengine.allow_its_checkpoints()
    mmengine.let_cpu_processes_talk()
