"""The codes that a policy may use, as they stand in the database."""

from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import Base, Category, Source, SpecialGroup, Unit, connection_of, table
from notifications.notices import NOTICES
from rules.sla_checks import Known
from services.catalogue.known import AREA_KINDS

URGENCIES: Final = frozenset({"P0", "P1", "P2", "P3"})


def known_codes(session: Session) -> Known:
    """What a policy may name: categories, urgencies, sources, areas, special groups, notices."""

    def codes(model: type[Base], *conditions: ColumnElement[bool]) -> frozenset[str]:
        return frozenset(connection_of(session).execute(select(table(model).c.code).where(*conditions)).scalars())

    areas = codes(Unit, table(Unit).c.kind.in_(AREA_KINDS))
    return Known(codes(Category), URGENCIES, codes(Source), areas, codes(SpecialGroup), frozenset(NOTICES))
