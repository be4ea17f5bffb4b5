"""Speed comparisons of backbones, in one process."""
