"""Charts as SVG, drawn on the server: attributes only, no style, no script; each with a sentence that says what it shows, and its table."""

from web.charts.drawing import Chart, Data
from web.charts.kinds import Bar, Dot, bars, days, dots

__all__ = ["Bar", "Chart", "Data", "Dot", "bars", "days", "dots"]
