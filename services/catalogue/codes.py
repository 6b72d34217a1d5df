"""The codes that a policy may use, as they stand in the database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Category, Source, SpecialGroup, Unit, connection_of, table
from notifications.notices import NOTICES
from rules.sla_checks import Known

URGENCIES = frozenset({"P0", "P1", "P2", "P3"})


def known_codes(session: Session) -> Known:
    """What a policy may name: categories, urgencies, sources, areas, special groups, notices."""

    def codes(model: type) -> frozenset[str]:
        return frozenset(connection_of(session).execute(select(table(model).c.code)).scalars())

    return Known(codes(Category), URGENCIES, codes(Source), codes(Unit), codes(SpecialGroup), frozenset(NOTICES))
