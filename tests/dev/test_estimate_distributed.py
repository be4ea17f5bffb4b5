"""estimate_distributed: the arithmetic of training on more GPUs, and the page that shows it."""

import dataclasses
import re

import estimate_distributed as scale
import pytest

pytest.importorskip('mmdet')
pytest.importorskip('mmpretrain')

RECIPE = scale.Recipe(
    samples=1000, drop_last=True, per_gpu=8, base_batch=64, learning_rate=1e-3,
    parameters=1_000_000, whole=100_000, block=50_000,
)  # fmt: skip
PAGE = 'docs/training_at_scale.md'


def test_learning_rate_is_the_stated_one_at_the_stated_batch_and_linear():
    rates = [scale.scale(RECIPE, gpus).learning_rate for gpus in (1, 8, 64)]
    assert rates == pytest.approx([1e-3 / 8, 1e-3, 8e-3])


def test_steps_drop_or_keep_what_is_left_of_a_share():
    kept = dataclasses.replace(RECIPE, drop_last=False)
    # 334 images of each GPU in batches of 8.
    assert (scale.scale(RECIPE, 3).steps, scale.scale(kept, 3).steps) == (41, 42)


def test_many_gpus_send_twice_or_three_times_the_gradients_and_hold_shards_and_what_is_gathered():
    one, two, four = (scale.scale(RECIPE, gpus) for gpus in (1, 2, 4))
    assert one.sent == one.sent_sharded == 0
    assert two.sent == 2 * 4_000_000 // 2
    assert two.sent_sharded == (3 * 4_000_000 - 400_000) // 2
    assert scale.scale(RECIPE, 10**6).sent == pytest.approx(8e6, rel=1e-5)
    assert one.held == one.held_sharded == four.held == 16_000_000
    assert four.held_sharded == 4_000_000 + 8 * (100_000 + 2 * 50_000)


def test_a_config_is_read_with_the_sizes_of_its_blocks(repo_root):
    recipe = scale.read(repo_root / 'configs/cls/uniformer_s_in1k.py')
    assert (recipe.samples, recipe.per_gpu, recipe.base_batch) == (1_281_167, 128, 1024)
    assert recipe.drop_last and recipe.learning_rate == 1e-3
    assert recipe.parameters == 21_545_256  # as in metafile.yml
    dim = 512  # of the last stage: attention, FFN, DPE, two norms
    attention, ffn = 4 * dim * dim + 4 * dim, 8 * dim * dim + 5 * dim
    assert recipe.block == attention + ffn + 14 * dim


def test_coco_takes_the_steps_that_mmdet_logs(repo_root):
    recipe = scale.read(repo_root / 'configs/det/mask_rcnn_uniformer_s_h14_1x.py')
    assert scale.scale(recipe, 8).steps == 7330


def test_the_tables_of_the_page_are_what_the_tool_computes(repo_root):
    page = (repo_root / PAGE).read_text()
    shown = re.findall(r'^\[(configs/\S+\.py)\]', page, re.M)
    assert len(shown) == 4
    for config in shown:
        recipe = scale.read(repo_root / config)
        title = f'[{config}](../{config}), {recipe.parameters / 1e6:.2f} M parameters:'
        assert f'{title}\n\n{scale.table(recipe, scale.GPUS)}\n' in page


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nothing.py'], 'there is no config file nothing.py'),
        (['configs/cls/mini_uniformer_s_in1k.py'], 'trains on data/mini/imagenet/; known are'),
        (['configs/cls/uniformer_s_in1k.py', '--gpus', '0'], '--gpus and --per-gpu are at least 1'),
    ],
)
def test_bad_arguments_are_refused_with_what_is_allowed(
    arguments, message, capsys, monkeypatch, repo_root
):
    monkeypatch.chdir(repo_root)
    with pytest.raises(SystemExit):
        scale.main(arguments)
    assert message in ' '.join(capsys.readouterr().err.split())
