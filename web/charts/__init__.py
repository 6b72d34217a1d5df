"""Charts as SVG, drawn on the server: attributes only, no style, no script; each with a sentence that says what it shows, and its table."""

from web.charts.courses import course
from web.charts.drawing import Chart, Data
from web.charts.kinds import Bar, Dot, bars, days, dots
from web.charts.tiles import STEPS, Group, Tile, shade, tiles

__all__ = ["STEPS", "Bar", "Chart", "Data", "Dot", "Group", "Tile", "bars", "course", "days", "dots", "shade", "tiles"]
