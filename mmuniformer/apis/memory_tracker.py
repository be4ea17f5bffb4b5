"""Peak memory of activations and temporary tensors. Importing this takes a second."""

from __future__ import annotations

from typing import Any

from torch.distributed._tools.mem_tracker import MemTracker

# Does not depend on the batch size.
PERMANENT = ('PARAM', 'BUFFER', 'GRAD')


class ActivationTracker(MemTracker):
    """Tracks the peak memory without parameters, buffers and gradients.

    With them, the peak for small inputs is at the end of the backward pass, when all gradients
    exist.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0

    def _update_peak_stats(self, peak_state: Any) -> None:
        for snapshot in self._curr_mem_snap.values():
            sizes = {str(key).rpartition('.')[2]: value for key, value in snapshot.items()}
            self.peak = max(self.peak, sizes['Total'] - sum(sizes[name] for name in PERMANENT))
