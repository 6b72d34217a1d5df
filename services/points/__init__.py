"""Points for residents only (积分, 文明存折, 爱心商城): off until an administrator switches them on, never for staff, never told by SMS."""

from services.points.accounts import account, account_by_phone, close_account, listed, open_account, open_for_member, statement
from services.points.boards import Standing, boards
from services.points.booking import look
from services.points.giving import give
from services.points.goods import Goods, Partner, add_goods, add_partner, close_goods, offered, restock
from services.points.redeeming import Redeemed, Wish, cancel, confirm, redeem, redemptions
from services.points.reversing import WHYS, Reversed, reverse
from services.points.scheme import MECHANISM, Scheme, publish, schemes, seeded

__all__ = [
    "MECHANISM",
    "WHYS",
    "Goods",
    "Partner",
    "Redeemed",
    "Reversed",
    "Scheme",
    "Standing",
    "Wish",
    "account",
    "account_by_phone",
    "add_goods",
    "add_partner",
    "boards",
    "cancel",
    "close_account",
    "close_goods",
    "confirm",
    "give",
    "listed",
    "look",
    "offered",
    "open_account",
    "open_for_member",
    "publish",
    "redeem",
    "redemptions",
    "restock",
    "reverse",
    "schemes",
    "seeded",
    "statement",
]
