"""UniFormer classifier trained with token labels (Sec. 5.1; LV-ViT: arXiv 2104.10858).

A second linear layer classifies every token; half of its largest logits is added to the prediction.
"""

_base_ = './uniformer_cls.py'

model = dict(
    head=dict(_delete_=True, type='TokenLabelHead', num_classes=1000, in_channels=512),
    train_cfg=None,
)
