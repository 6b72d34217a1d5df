"""Patrols (小蜜蜂·蜂巢驿站, 小嗨嗨, 随手拍): residents in groups report in one line, and the public sees what became of it."""

from services.patrols.counting import SCOPES, Community, Counted, Figures, counter, of_member, one, told
from services.patrols.kinds import Kind, kinds
from services.patrols.members import join, leave, member, members
from services.patrols.places import MECHANISM, Opening, close, listed, open_group, open_station
from services.patrols.reporting import Line, report, reports_of
from services.patrols.residents import AGES, Resident

__all__ = [
    "AGES",
    "MECHANISM",
    "SCOPES",
    "Community",
    "Counted",
    "Figures",
    "Kind",
    "Line",
    "Opening",
    "Resident",
    "close",
    "counter",
    "join",
    "kinds",
    "leave",
    "listed",
    "member",
    "members",
    "of_member",
    "one",
    "open_group",
    "open_station",
    "report",
    "reports_of",
    "told",
]
