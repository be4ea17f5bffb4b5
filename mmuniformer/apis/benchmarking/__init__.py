"""Speed of backbones beside others, in one process."""
