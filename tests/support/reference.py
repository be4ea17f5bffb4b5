"""The published models' outputs and gradients, and the weights and inputs they were taken with.

Weights are not stored: each tensor is drawn from ``numpy.random.RandomState`` seeded with its name,
a stream that NumPy guarantees never to change.
"""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

DATA = Path(__file__).parents[1] / 'data' / 'reference'


def fill(name: str, shape: tuple[int, ...]) -> Tensor:
    """The reference value of the parameter or buffer ``name``."""
    leaf = name.rsplit('.', 1)[-1]
    if leaf == 'num_batches_tracked':
        return torch.zeros(shape, dtype=torch.int64)
    noise = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(tuple(shape))
    if leaf == 'running_mean':
        value = 0.1 * noise
    elif leaf == 'running_var':
        value = 0.5 + 0.5 * np.abs(noise)
    elif leaf.startswith('gamma'):
        value = 0.3 + 0.1 * noise
    elif 'bias' in leaf:
        value = 0.05 * noise
    elif 'weight' in leaf and len(shape) == 1:
        value = 1 + 0.1 * noise
    elif 'weight' in leaf:
        value = noise / np.sqrt(np.prod(shape[1:]))
    else:  # class tokens, position embeddings, balance
        value = 0.2 * noise
    return torch.from_numpy(value.astype(np.float32))


def _draw(seed: int, shape: tuple[int, ...]) -> Tensor:
    noise = np.random.RandomState(seed).standard_normal(tuple(shape))
    return torch.from_numpy(noise.astype(np.float32))


@dataclass(frozen=True)
class Case:
    """One released model as it was recorded."""

    name: str

    @property
    def record(self) -> dict:
        return json.loads((DATA / 'index.json').read_text())[self.name]

    @property
    def params(self) -> int:
        return self.record['params']

    @property
    def manifest(self) -> dict[str, list[int]]:
        """Name and shape of every tensor in the model's file."""
        return json.loads((DATA / 'manifests' / f'{self.name}.json').read_text())

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        return dict(np.load(DATA / 'outputs' / f'{self.name}.npz'))

    def state_dict(self) -> dict[str, Tensor]:
        """The file: every tensor under its published name."""
        return {name: fill(name, shape) for name, shape in self.manifest.items()}

    def input(self) -> Tensor:
        return _draw(2201, self.record['input'])

    def output_errors(self, outputs: list[Tensor]) -> list[float]:
        """Largest deviation of each output in units of its standard deviation."""
        errors = []
        for index, output in enumerate(outputs):
            assert list(output.shape) == self.arrays[f'shape_{index}'].tolist()
            flat = output.detach().flatten().numpy()
            positions = np.random.RandomState(9450).randint(0, flat.size, size=256)
            error = np.abs(flat[positions] - self.arrays[f'samples_{index}']).max()
            errors.append(float(error / self.arrays[f'std_{index}']))
        assert f'shape_{len(outputs)}' not in self.arrays, 'there are more recorded outputs'
        return errors

    def loss(self, outputs: list[Tensor]) -> Tensor:
        """The scalar whose gradients were recorded."""
        return sum((output * _draw(5, output.shape)).mean() for output in outputs)

    def recorded_loss(self) -> float:
        return float(self.arrays['train_loss'])

    def gradient_norms(self) -> dict[str, float]:
        return json.loads(str(self.arrays['grad_norms']))

    def statistics(self) -> dict[str, float]:
        """Mean of every BatchNorm buffer after the recorded training step."""
        return json.loads(str(self.arrays['running_means']))


class Classifier(nn.Module):
    """A backbone with a published head: mean over positions, then a linear layer.

    Token labeling adds half of the largest response of a second head over positions. Light nets
    have a second head for the class token, which takes part in training alone.
    """

    def __init__(self, backbone: nn.Module, num_classes: int, token_labeling: bool = False):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(backbone.out_channels[-1], num_classes)
        if token_labeling:
            self.aux_head = nn.Linear(backbone.out_channels[-1], num_classes)
        if getattr(backbone, 'out_cls_token', False):
            self.head_cls = nn.Linear(backbone.out_channels[-1], num_classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = self.backbone(x)
        maps = (maps[0] if hasattr(self, 'head_cls') else maps).flatten(2)  # (B, C, N)
        # Not the mean of the transpose: PyTorch 2.11's BatchNorm on the CPU gets the gradient wrong
        # that comes out of it for a batch of one.
        logits = self.head(maps.mean(2))
        if hasattr(self, 'aux_head'):
            logits = logits + 0.5 * self.aux_head(maps.transpose(1, 2)).max(1).values
        return [logits]

    def load_published(self, state: dict[str, Tensor]) -> None:
        heads = ('head.', 'aux_head.', 'head_cls.')
        self.load_state_dict(
            {
                key if key.startswith(heads) else f'backbone.{key}': value
                for key, value in state.items()
            }
        )
