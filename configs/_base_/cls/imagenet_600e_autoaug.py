"""600 epochs on ImageNet-1k for XXS: AutoAugment instead of RandAugment, stronger weight decay.

Learning rate 3.2e-3 for a batch of 4096 images, weight decay 0.1. The policy is timm's v0, from
EfficientNet on TPUs; mmpretrain's policy named imagenet is a different one.
"""

_base_ = './imagenet_600e.py'

# Levels are tenths of the largest magnitude. RandomChoice passes hparams to no operation.
outside = dict(pad_val=[104, 116, 124], interpolation='bicubic')


def auto_contrast(prob, level):
    return dict(type='AutoContrast', prob=prob)


def equalize(prob, level):
    return dict(type='Equalize', prob=prob)


def invert(prob, level):
    return dict(type='Invert', prob=prob)


def color(prob, level):
    # Color is multiplied by 0.1 to 1.9; mmpretrain takes the difference from 1.
    magnitude = 0.18 * level - 0.9
    return dict(type='ColorTransform', magnitude=magnitude, prob=prob, random_negative_prob=0.0)


def posterize(prob, level):
    return dict(type='Posterize', bits=int(0.4 * level), prob=prob)


def solarize(prob, level):
    return dict(type='Solarize', thr=int(25.6 * level), prob=prob)


def solarize_add(prob, level):
    return dict(type='SolarizeAdd', magnitude=int(11 * level), prob=prob)


def rotate(prob, level):
    return dict(type='Rotate', angle=3.0 * level, prob=prob, **outside)


def shear_x(prob, level):
    magnitude = 0.03 * level
    return dict(type='Shear', magnitude=magnitude, prob=prob, direction='horizontal', **outside)


def shear_y(prob, level):
    return dict(shear_x(prob, level), direction='vertical')


def translate_y(prob, level):
    magnitude = 0.045 * level
    return dict(type='Translate', magnitude=magnitude, prob=prob, direction='vertical', **outside)


policies = [
    [equalize(0.8, 1), shear_y(0.8, 4)],
    [color(0.4, 9), equalize(0.6, 3)],
    [color(0.4, 1), rotate(0.6, 8)],
    [solarize(0.8, 3), equalize(0.4, 7)],
    [solarize(0.4, 2), solarize(0.6, 2)],
    [color(0.2, 0), equalize(0.8, 8)],
    [equalize(0.4, 8), solarize_add(0.8, 3)],
    [shear_x(0.2, 9), rotate(0.6, 8)],
    [color(0.6, 1), equalize(1.0, 2)],
    [invert(0.4, 9), rotate(0.6, 0)],
    [equalize(1.0, 9), shear_y(0.6, 3)],
    [color(0.4, 7), equalize(0.6, 0)],
    [posterize(0.4, 6), auto_contrast(0.4, 7)],
    [solarize(0.6, 8), color(0.6, 9)],
    [solarize(0.2, 4), rotate(0.8, 9)],
    [rotate(1.0, 7), translate_y(0.8, 9)],
    [shear_x(0.0, 0), solarize(0.8, 4)],
    [shear_y(0.8, 0), color(0.6, 4)],
    [color(1.0, 0), rotate(0.6, 2)],
    [equalize(0.8, 4), equalize(0.0, 8)],
    [equalize(1.0, 4), auto_contrast(0.6, 2)],
    [shear_y(0.4, 7), solarize_add(0.6, 7)],
    [posterize(0.8, 2), solarize(0.6, 10)],
    [solarize(0.6, 8), equalize(0.6, 1)],
    [color(0.8, 6), rotate(0.4, 5)],
]
augmentations = [
    _base_.flip,
    dict(type='AutoAugment', policies=policies),
    _base_.erase,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, _base_.crop, *augmentations]))

optim_wrapper = dict(optimizer=dict(lr=3.2e-3, weight_decay=0.1))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6 / 3.2e-3, by_epoch=True, begin=0, end=31),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True, begin=0, end=600, T_max=600),
]
