"""Doors into the toolboxes: bare names, adapters, and repairs of faults the toolboxes have today.

Nothing on disk is changed, and a repair does something only where its fault is present.
"""

from . import mmaction, mmengine, multimodal


def open_doors() -> None:
    """Register the bare names everywhere and put the repairs in place. Called once, on import."""
    mmengine.allow_its_checkpoints()
    mmengine.let_cpu_processes_talk()
    mmengine.register_bare_names()
    mmaction.serve_missing_drn()
    multimodal.leave_out_multimodal()
    mmaction.register_bare_names()
