"""With any arguments ``AtomicCheckpointHook`` leaves the files that mmengine's own hook leaves."""

import copy
import logging
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import fuzzing  # noqa: F401
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from mmengine.hooks import CheckpointHook
from mmengine.logging import MessageHub
from mmengine.runner import find_latest_checkpoint, save_checkpoint

from mmuniformer.engine import AtomicCheckpointHook

EPOCHS, LENGTH = 6, 3
HASH = re.compile(r'-[0-9a-f]{8}(?=\.pth)')
TEMPLATES = (None, 'latest.pth', '{}.pth', 'run_{:03d}.pth', 'first_digit_{0!s:.1}.pth')


class Loops:
    """What a checkpoint hook uses of a runner, whose model is the number of iterations."""

    def __init__(self, folder: Path, state: dict):
        self.work_dir = str(folder)
        self.message_hub = MessageHub('loops')
        if state:
            self.message_hub.load_state_dict(copy.deepcopy(state['message_hub']))
        self.epoch, self.iter = state.get('epoch', 0), state.get('iter', 0)
        self.max_epochs, self.max_iters = EPOCHS, EPOCHS * LENGTH
        self.train_dataloader = range(LENGTH)
        self.logger = logging.getLogger('loops')

    def save_checkpoint(
        self, folder: str, filename: str, file_client_args: None, save_optimizer: bool,
        save_param_scheduler: bool, meta: dict, by_epoch: bool, backend_args: dict | None,
    ) -> None:  # fmt: skip
        content = {'meta': meta, 'state_dict': {'w': torch.tensor(self.iter)}}
        if save_optimizer:
            content['optimizer'] = {}
        save_checkpoint(content, str(Path(folder) / filename), backend_args=backend_args)

    def run(self, hook: CheckpointHook, epochs: int, scores: list[tuple[int, int]]) -> dict:
        """Train ``epochs`` epochs; ``scores`` are those after each. Returns what resumes it."""
        hook.before_run(self)
        hook.before_train(self)
        for _ in range(epochs):
            for batch in range(LENGTH):
                hook.after_train_iter(self, batch)
                self.iter += 1
            hook.after_train_epoch(self)
            self.epoch += 1
            first, second = scores[self.epoch - 1]
            hook.after_val_epoch(self, {'toy/acc': first, 'loss': second})
        hook.after_train(self)
        state = self.message_hub.state_dict()
        return {'epoch': self.epoch, 'iter': self.iter, 'message_hub': state}


def contents(folder: Path) -> set[tuple[str, int]]:
    """Name, without the hash of a published file, and weight of each file."""
    return {
        (HASH.sub('', str(path.relative_to(folder))), torch.load(path)['state_dict']['w'].item())
        for path in folder.rglob('*.pth')
    }


arguments = st.fixed_dictionaries(
    {
        'interval': st.integers(-1, 4),
        'by_epoch': st.booleans(),
        'max_keep_ckpts': st.integers(-1, 4),
        'filename_tmpl': st.sampled_from(TEMPLATES),
        'save_last': st.booleans(),
        'save_best': st.sampled_from([None, 'auto', 'loss', ['toy/acc', 'loss']]),
        'save_begin': st.integers(0, 4),
        'save_optimizer': st.booleans(),
        'published_keys': st.sampled_from([None, ['meta', 'state_dict']]),
        'elsewhere': st.booleans(),
    }
)
scores = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=EPOCHS, max_size=EPOCHS)
ONE_NAME = {'interval': 1, 'filename_tmpl': 'latest.pth'}


@example({**ONE_NAME, 'max_keep_ckpts': 1}, 1, 3, [(0, 0)] * EPOCHS)
@example({**ONE_NAME, 'max_keep_ckpts': 3, 'by_epoch': False}, 1, 3, [(0, 0)] * EPOCHS)
@given(arguments, st.integers(1, 4), st.integers(1, EPOCHS), scores)
def test_the_same_files_remain_and_the_pointer_names_one_of_them(options, keep, epochs, scores):
    options = dict(options)
    elsewhere = options.pop('elsewhere', False)
    with TemporaryDirectory() as folder:
        left, resumed = {}, {}
        for kind in (AtomicCheckpointHook, CheckpointHook):
            root = Path(folder) / kind.__name__
            run = root / 'run'
            run.mkdir(parents=True)
            out = {'out_dir': str(root / 'elsewhere')} if elsewhere else {}
            state = Loops(run, {}).run(kind(**options, **out), epochs, scores)
            left[kind] = contents(root)
            kept = {**options, 'max_keep_ckpts': keep} if options['max_keep_ckpts'] > 0 else options
            Loops(run, state).run(kind(**kept, **out), EPOCHS - epochs, scores)
            resumed[kind] = contents(root)
            if kind is AtomicCheckpointHook:
                last = find_latest_checkpoint(str(run))
                assert last is None or Path(last).is_file()
        assert left[AtomicCheckpointHook] == left[CheckpointHook]
        more = resumed[AtomicCheckpointHook] - resumed[CheckpointHook]
        assert resumed[AtomicCheckpointHook] >= resumed[CheckpointHook]
        # mmengine's own hook may delete the file that it was resumed from.
        one_name = options['filename_tmpl'] in ONE_NAME.values()
        assert not more or (one_name and {Path(name).name for name, _ in more} == {'latest.pth'})
