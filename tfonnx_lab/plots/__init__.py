"""Pictures of a conversion: the real range of every activation, and where a ReLU was found in it."""

from tfonnx_lab.plots.draw import plot_ranges, ranges_svg
from tfonnx_lab.plots.ranges import Range, ranges

__all__ = ["Range", "plot_ranges", "ranges", "ranges_svg"]
