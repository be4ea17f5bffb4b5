"""The networks say what the papers say: no ``forward`` asks where, when or by whom it is run.

Work-arounds for devices live in ``layers/accelerate.py``, and nowhere else.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ('layers', 'models')
EXEMPT = ('layers/accelerate.py',)

QUESTIONS = {
    'device': {'is_cpu', 'is_cuda', 'is_meta', 'is_mps', 'is_xpu', 'is_available', 'get_device'},
    'tracer': {
        *('is_compiling', 'is_dynamo_compiling', 'is_exporting', 'is_tracing', 'is_scripting'),
        *('is_in_onnx_export', 'is_fx_tracing'),
    },
    'hook': {
        *('_forward_hooks', '_forward_pre_hooks', '_backward_hooks', '_backward_pre_hooks'),
    },
    'memory': {'element_size', 'nbytes', 'itemsize', 'data_ptr', 'untyped_storage'},
    'gradient mode': {'is_grad_enabled', 'is_inference_mode_enabled', 'is_autocast_enabled'},
    'fusing': {'fused', 'is_fused'},
}


def find_questions(sources: dict[str, str]) -> list[str]:
    """Questions that ``forward`` methods, or functions that they name, ask: ``file:line: what``."""
    functions: dict[str, list[tuple[str, ast.FunctionDef]]] = {}
    for file, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                functions.setdefault(node.name, []).append((file, node))
    reached, queue = set(), ['forward']
    while queue:
        name = queue.pop()
        if name in reached or name not in functions:
            continue
        reached.add(name)
        for _, function in functions[name]:
            queue += [text for _, text in names(function)]
    return sorted(
        f'{file}:{line}: {topic} ({text})'
        for name in reached
        for file, function in functions[name]
        if file not in EXEMPT
        for line, text in names(function)
        if (topic := topic_of(text))
    )


def topic_of(text: str) -> str | None:
    if text == 'device':
        return 'device'
    return next((topic for topic, known in QUESTIONS.items() if text in known), None)


def names(function: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    """Lines and names that a function uses, but for ``device=x.device``, which only places."""
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    placing = {
        id(keyword.value)
        for node in nodes
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == 'device'
    }
    for node in nodes:
        if id(node) in placing:
            continue
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value  # getattr(x, 'is_cuda')


def test_no_forward_of_the_networks_asks_about_its_surroundings():
    sources = {
        path.relative_to(ROOT / 'mmuniformer').as_posix(): path.read_text(encoding='utf-8')
        for room in ROOMS
        for path in sorted((ROOT / 'mmuniformer' / room).rglob('*.py'))
    }
    assert len(sources) > 20
    assert find_questions(sources) == []


@pytest.mark.parametrize(
    ('body', 'problem'),
    [
        ('return x if x.is_cuda else -x', 'device (is_cuda)'),
        ("return x if x.device.type == 'cpu' else -x", 'device (device)'),
        ("return x if getattr(x, 'is_meta') else -x", 'device (is_meta)'),
        ('return torch.jit.is_tracing()', 'tracer (is_tracing)'),
        ('return bool(self._forward_hooks)', 'hook (_forward_hooks)'),
        ('return x.numel() * x.element_size() > 16', 'memory (element_size)'),
        ('return torch.is_grad_enabled()', 'gradient mode (is_grad_enabled)'),
        ('return x if self.fused else -x', 'fusing (fused)'),
    ],
)
@pytest.mark.parametrize('inside', ['forward', 'method', 'function'])
def test_a_question_in_a_forward_or_in_what_it_calls_is_found(inside, body, problem):
    names = {'forward': ('forward', 'free'), 'method': ('attend', 'free')}
    method, function = names.get(inside, ('forward', 'helper'))
    callee = {'forward': 'x', 'method': 'self.attend(x)', 'function': 'helper(self, x)'}[inside]
    source = 'class Net:\n'
    if inside != 'forward':
        source += f'    def forward(self, x):\n        return {callee}\n'
    if inside != 'function':
        source += f'    def {method}(self, x):\n        {body}\n'
    source += f'def {function}(self, x):\n    {body if inside == "function" else "return x"}\n'
    assert [line.partition(': ')[2] for line in find_questions({'layers/a.py': source})] == [
        problem
    ]
    assert find_questions({'layers/accelerate.py': source}) == []


def test_placing_a_tensor_and_asking_outside_of_forward_are_no_questions():
    source = (
        'class Net:\n'
        '    def forward(self, x):\n'
        '        return torch.rand(3, device=x.device) if self.training else x\n'
        '    def load(self, x):\n'
        '        return x.is_cuda and torch.is_grad_enabled()\n'
    )
    assert find_questions({'models/a.py': source}) == []
