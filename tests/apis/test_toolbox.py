"""The table of toolboxes: what models are, take and return."""

import pytest
import torch

from mmuniformer.apis.configs import find_config, load_config
from mmuniformer.apis.model import build_model, load_model
from mmuniformer.apis.toolbox import TOOLBOXES, count_views, find_toolbox

# Config, toolbox, input shape, shape of the papers' tables, views at test time.
CONFIGS = [
    ('uniformer_s_in1k', 'mmpretrain', (224, 224), (224, 224), 1),
    ('uniformer_s_16x4_k400', 'mmaction', (16, 224, 224), (16, 224, 224), 4),
    ('mask_rcnn_uniformer_s_h14_1x', 'mmdet', (800, 1333), (800, 1280), 1),
    ('fpn_uniformer_s_h14_80k', 'mmseg', (512, 512), (512, 2048), 1),
    ('td_hm_uniformer_s_256x192', 'mmpose', (256, 192), (256, 192), 1),
]


@pytest.mark.parametrize(('name', 'scope', 'shape', 'table_shape', 'views'), CONFIGS)
def test_a_config_says_what_its_model_takes(name, scope, shape, table_shape, views):
    pytest.importorskip(scope)
    config = load_config(name)
    toolbox = find_toolbox(config)
    assert toolbox is TOOLBOXES[scope]
    assert toolbox.input_shape(config) == shape
    assert toolbox.table_shape(config) == table_shape
    assert count_views(config) == views
    assert find_config(name).parent.name == toolbox.task


@pytest.mark.parametrize(
    'name', ['uniformer_s_in1k', 'fpn_uniformer_s_h14_80k', 'td_hm_uniformer_s_256x192']
)
def test_the_forward_pass_of_the_table_ends_in_the_head(name):
    config = load_config(name)
    toolbox = find_toolbox(config)
    pytest.importorskip(toolbox.scope)
    model = load_model(config, 'random')
    head = toolbox.find_head(model)
    neck = getattr(model, 'neck', None) or torch.nn.Identity()
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(toolbox.run(model, x), head(neck(model.backbone(x))))


def test_a_config_of_no_toolbox_is_refused():
    with pytest.raises(ValueError, match="default_scope is 'mmocr'; supported are mmpretrain,"):
        find_toolbox({'default_scope': 'mmocr'})


def test_a_config_without_a_model_is_refused():
    config = load_config('uniformer_s_in1k')
    config.pop('model')
    with pytest.raises(ValueError, match='the config has no model'):
        build_model(config)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    pytest.importorskip('mmpretrain')
    torch.save({'state_dict': {'a': torch.zeros(1)}}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='a.pth does not fit the config'):
        load_model('uniformer_s_in1k', tmp_path / 'a.pth')


def test_an_unknown_config_lists_similar_names():
    with pytest.raises(FileNotFoundError, match='similar names: .*uniformer_s_in1k'):
        find_config('uniformer_s_in1')
