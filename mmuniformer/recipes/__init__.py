"""Functions that the video configs call; they return plain data, and the configs keep that alone.

Their arguments are the columns of the paper's tables: network, data set, frames, views, schedule.
What every video config shares is in ``configs/_base_/video/runtime.py``.
"""
