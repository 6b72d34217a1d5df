"""Orders that anybody may take on (认领): posting them, who hears first, the board, what became of them."""

from services.claims_pool.board import Figures, Open, board, figures, figures_of
from services.claims_pool.pairing import Pair, end_pair, pair, paired_with, pairs
from services.claims_pool.posting import Line, Order, parse_line, post

__all__ = [
    "Figures",
    "Line",
    "Open",
    "Order",
    "Pair",
    "board",
    "end_pair",
    "figures",
    "figures_of",
    "pair",
    "paired_with",
    "pairs",
    "parse_line",
    "post",
]
