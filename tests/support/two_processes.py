"""Run a function in two processes that talk through gloo, and bring back what each returns.

The function stands in a module beside this one: the processes import it anew.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed, multiprocessing

WORLD = 2


def run_in_two(work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call ``work(rank, *arguments)`` in each process; the results are tensors and numbers."""
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(_work, (folder, work, arguments), nprocs=WORLD)
        return [torch.load(Path(folder) / f'{rank}.pt') for rank in range(WORLD)]


def _work(rank: int, folder: str, work: Callable[..., Any], arguments: tuple) -> None:
    os.environ |= {'RANK': str(rank), 'LOCAL_RANK': str(rank), 'WORLD_SIZE': str(WORLD)}
    torch.set_num_threads(1)
    meeting = f'file://{folder}/meeting'
    distributed.init_process_group('gloo', init_method=meeting, rank=rank, world_size=WORLD)
    result = work(rank, *arguments)
    torch.save(result, Path(folder) / f'{rank}.pt')
    distributed.barrier()
    distributed.destroy_process_group()
