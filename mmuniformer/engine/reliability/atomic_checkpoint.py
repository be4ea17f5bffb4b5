"""Atomic checkpoints: complete or absent, even if the process dies while writing."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import disk_usage
from typing import Any

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ...registry import HOOKS

BACKEND = 'mmuniformer_atomic'
_PAGE = 4096


class AtomicBackend(LocalBackend):
    """Local files that are replaced atomically."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write ``obj`` to a temporary file and rename it.

        Raises:
            OSError: it cannot be written, e.g. because the disk is full; the old file is unchanged.
        """
        path = Path(filepath)
        temporary = path.with_name(f'{path.name}.tmp')
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open('wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException as error:
            with suppress(OSError):
                temporary.unlink()
            if not isinstance(error, OSError):
                raise
            raise OSError(
                error.errno,
                f'{path}, {_size(len(obj))}, cannot be written: {error.strerror}{_free(path)}. '
                'Earlier checkpoints are untouched; make room, then go on with --resume',
            ) from error


register_backend(BACKEND, AtomicBackend, force=True)


def _size(count: int) -> str:
    return f'{count / 1e6:.1f} MB'


def _free(path: Path) -> str:
    try:
        return f'; {_size(disk_usage(path.parent).free)} are free'
    except OSError:
        return ''


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """``CheckpointHook`` that loses no checkpoint to a full disk or a killed process.

    A file is renamed after it has been written completely. Then ``last_checkpoint`` is replaced,
    and finally outdated files are deleted, so the disk needs room for one more than
    ``max_keep_ckpts``. Before the first iteration the hook checks that it can write to the folder.

    The arguments are those of ``CheckpointHook``. Remote storage and folders of
    DeepSpeed are written as in mmengine.

    Raises:
        OSError: a file or folder cannot be written; the message gives its path and the cause.
    """

    file_backend: Any

    def before_run(self, runner: Runner) -> None:
        if is_main_process():
            check_writable(runner.work_dir)

    def before_train(self, runner: Runner) -> None:
        if 'keep_ckpt_ids' in runner.message_hub.runtime_info:
            # With one name for several steps, mmengine would delete the file just resumed from.
            steps = runner.message_hub.get_info('keep_ckpt_ids')
            by_name = {self.filename_tmpl.format(step): step for step in steps}
            runner.message_hub.update_info('keep_ckpt_ids', sorted(by_name.values()))
        super().before_train(runner)
        if type(self.file_backend) is not LocalBackend:
            return
        if is_main_process():
            check_writable(self.out_dir)
        self.file_backend = AtomicBackend()
        self.backend_args = {'backend': BACKEND}

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        # As in mmengine 0.10, which deletes first and then overwrites last_checkpoint in place.
        outdated = None
        if self.max_keep_ckpts > 0 and step not in list(self.keep_ckpt_ids)[-1:]:
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                outdated = self._path(self.keep_ckpt_ids.popleft())
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        self.last_ckpt = self._path(step)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            self.filename_tmpl.format(step),
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if not is_main_process():
            return
        pointer = Path(runner.work_dir) / 'last_checkpoint'
        AtomicBackend().put(self.last_ckpt.encode(), pointer)
        if outdated == self.last_ckpt:  # filename_tmpl without a number
            return
        if outdated and self.file_backend.isfile(outdated):
            self.file_backend.remove(outdated)
        elif outdated and self.file_backend.isdir(outdated):  # folder of DeepSpeed
            self.file_backend.rmtree(outdated)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        backend = self.file_backend
        self.file_backend = deferred = _DeferredRemoval(backend)
        try:
            super()._save_best_checkpoint(runner, metrics)
        finally:
            self.file_backend = backend
        # mmengine sets one attribute for a single metric, the other for several.
        best = getattr(self, 'best_ckpt_path_dict', {}).values()
        deferred.remove_all_but({self.last_ckpt, getattr(self, 'best_ckpt_path', None), *best})

    def _path(self, step: int) -> str:
        return self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(step))


class _DeferredRemoval:
    """Backend that defers removals until ``remove_all_but``."""

    def __init__(self, backend: Any):
        self._backend = backend
        self._pending: list[tuple[str, Callable]] = []

    def remove(self, path: str) -> None:
        self._pending.append((path, partial(self._backend.remove, path)))

    def rmtree(self, path: str) -> None:
        self._pending.append((path, partial(self._backend.rmtree, path)))

    def remove_all_but(self, kept: set[str | None]) -> None:
        for path, remove in self._pending:
            if path not in kept:
                remove()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


def check_writable(folder: str | Path) -> None:
    """Create ``folder`` if needed and check that it can be written to.

    Raises:
        OSError: the folder is not writable.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PAGE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(
            error.errno,
            f'checkpoints cannot be written to {folder}: {error.strerror}; '
            'choose another --work-dir',
        ) from error
