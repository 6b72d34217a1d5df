"""A bulletin as data, as text and as a workbook: every figure with the two conditions it is made of, and the cases behind it.

Nothing personal: cases stand there by number, those that are sensitive are counted for the district only and stand in no list.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import BulletinCase, Case, UnitKind, connection_of, table
from rules.indicators import INDICATORS, Family, Figure, Indicator
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.reading import plain
from services.rhythm.figures import CATEGORY, CLASS, DISTRICT, UNIT, Figures, Table, figures_of
from services.rhythm.objections import objections
from services.sheets import workbook
from wording import language, say

_member, _case, _kind = table(BulletinCase), table(Case), table(UnitKind)
_COLUMNS: Final = ("figure", "counted", "of", "rate", "low", "high", "note")


def as_json(session: Session, bulletin: Row) -> dict[str, Any]:
    """All of it as plain data; the keys are stable, rates are thousandths."""
    known, found = catalogue(session), figures_of(session, bulletin)
    tables = [{"by": t.by, "key": t.key, "figures": [_figure_json(f) for f in t.figures]} for t in found.tables]
    inner = ("id", "bulletin_id", "case_id", "sensitive")
    said = [plain({k: v for k, v in row.items() if k not in inner}, known) for row in objections_of(session, bulletin)]
    about = plain({k: v for k, v in bulletin.items() if k not in inner}, known)
    counts = {"sensitive": found.sensitive, "corrected": found.corrected}
    return about | {"tables": tables, **counts, "objections": said, "definitions": definitions()}


def _figure_json(figure: Figure) -> dict[str, Any]:
    names = ("code", "n", "hits", "rate", "low", "high", "small")
    return {name: getattr(figure, name) for name in names}


def objections_of(session: Session, bulletin: Row) -> Sequence[Row]:
    """The objections to it, as `services.rhythm.objections` shows them."""
    return objections(session, bulletin["month"])


def definitions() -> list[dict[str, str | None]]:
    """What every figure is: its family, of which things it is asked, and of which of them it is true, by the names of the conditions."""
    return [
        {"code": each.code, "family": each.family.value, "among": each.among.code, "hits": each.hits.code if each.hits else None}
        for each in INDICATORS.values()
    ]


# text -----------------------------------------------------------------------------------------------------------------


def as_text(session: Session, bulletin: Row, lang: str | None = None) -> str:
    """All of it to be read: the district first, then by class of unit, unit and category; what is small says so."""
    known, found = catalogue(session), figures_of(session, bulletin)
    lang = lang or language()
    names = names_of(session, lang)
    lines = [say("bulletin.title", lang, month=bulletin["month"], state=say(f"bulletin_state.{bulletin['state']}", lang))]
    lines += [say("bulletin.as_of", lang, at=_local(bulletin["made_at"], known.zone)), ""]
    for each in found.tables:
        lines += [_heading(each, names, lang), *(f"  {_line(f, lang)}" for f in each.figures if f.n or each.by == DISTRICT), ""]
    lines += [say("bulletin.sensitive", lang, n=found.sensitive), say("bulletin.corrected", lang, n=found.corrected)]
    lines += [say("bulletin.small_means", lang, n=bulletin["small"])]
    return "\n".join(lines) + "\n"


def _line(figure: Figure, lang: str) -> str:
    name = say(f"indicator.{figure.code}", lang)
    if figure.hits is None:
        return say("bulletin.count", lang, name=name, n=figure.n)
    if figure.small:
        return say("bulletin.too_few", lang, name=name, hits=figure.hits, n=figure.n)
    rates = {key: percent(getattr(figure, key)) for key in ("rate", "low", "high")}
    return say("bulletin.rate", lang, name=name, hits=figure.hits, n=figure.n, **rates)


def percent(permille: int | None) -> str:
    """Thousandths as people read them: 83.3%."""
    return "" if permille is None else f"{permille / 10:.1f}%"


Names = Mapping[tuple[str, str], str]


def names_of(session: Session, lang: str) -> Names:
    """What the parts of a bulletin are called: the district, categories, units and classes of unit, by part and code."""
    known = catalogue(session)
    kinds = connection_of(session).execute(select(_kind.c.code, _kind.c.zh, _kind.c.en))
    return {
        (DISTRICT, ""): str(getattr(known.names[known.district_id], lang)),
        **{(CATEGORY, code): str(getattr(category.name, lang)) for code, category in known.categories.items()},
        **{(UNIT, unit.code): str(getattr(known.names[unit.id], lang)) for unit in known.units.values()},
        **{(CLASS, kind.code): str(getattr(kind, lang)) for kind in kinds},
    }


def _heading(each: Table, names: Names, lang: str) -> str:
    return say(f"bulletin.by_{each.by}", lang, name=names.get((each.by, each.key), each.key))


def _local(moment: Any, zone: tzinfo) -> str:  # noqa: ANN401 - an instant
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


# workbook -------------------------------------------------------------------------------------------------------------


def as_workbook(session: Session, bulletin: Row, lang: str | None = None) -> bytes:
    """A workbook: the figures, how each is defined, the objections, and a sheet of cases for each family, from which anybody recounts."""
    known, found = catalogue(session), figures_of(session, bulletin)
    lang = lang or language()
    sheets: dict[str, Sequence[Sequence[str]]] = {
        say("bulletin.sheet_figures", lang): [_heads(lang), *_figure_rows(found, names_of(session, lang), lang)],
        say("bulletin.sheet_definitions", lang): definition_rows(lang),
        say("bulletin.sheet_objections", lang): list(objection_rows(session, bulletin, known, lang)),
    }
    for family in Family:
        sheets[say(f"family.{family}", lang)] = list(_case_rows(session, bulletin, family, known, lang))
    return workbook(sheets)


def _heads(lang: str) -> list[str]:
    return [say("bulletin.part", lang), *(say(f"bulletin.head_{name}", lang) for name in _COLUMNS)]


def _figure_rows(found: Figures, names: Names, lang: str) -> Iterable[list[str]]:
    for each in found.tables:
        for f in each.figures:
            rates = ["", "", ""] if f.small or f.hits is None else [percent(f.rate), percent(f.low), percent(f.high)]
            counted = [str(f.n), ""] if f.hits is None else [str(f.hits), str(f.n)]
            note = say("bulletin.small", lang) if f.small else ""
            yield [_heading(each, names, lang), say(f"indicator.{f.code}", lang), *counted, *rates, note]


def definition_rows(lang: str) -> list[list[str]]:
    """What every figure is, in words, one a row, below its heads."""
    heads = [say(f"bulletin.head_{name}", lang) for name in ("figure", "family", "among", "hits")]
    return [heads, *(_definition_row(each, lang) for each in INDICATORS.values())]


def _definition_row(each: Indicator, lang: str) -> list[str]:
    hits = say(f"among.{each.hits.code}", lang) if each.hits else ""
    return [say(f"indicator.{each.code}", lang), say(f"family.{each.family}", lang), say(f"among.{each.among.code}", lang), hits]


def objection_rows(session: Session, bulletin: Row, known: Catalogue, lang: str) -> Iterable[list[str]]:
    """The objections and what became of them, below their heads; of sensitive cases without what was written."""
    yield [say(f"bulletin.head_{name}", lang) for name in ("no", "case", "family", "unit", "reason", "state", "answer", "decided_by")]
    for row in objections_of(session, bulletin):
        state = say(f"objection_state.{row['correction'] or row['state']}", lang)
        who = [
            str(getattr(known.names[row["unit_id"]], lang)),
            row["reason"] or "",
            state,
            row["answer"] or "",
            _post(row["decided_by"], known, lang),
        ]
        yield [str(row["no"]), row["case"], say(f"family.{row['family']}", lang), *who]


def _post(name: str | None, known: Catalogue, lang: str) -> str:
    """Who decided, by post."""
    person = known.people.get(name or "")
    return str(getattr(person.title, lang)) if person is not None else name or ""


def _case_rows(session: Session, bulletin: Row, family: Family, known: Catalogue, lang: str) -> Iterable[list[str]]:
    """The list of a family: what was true of each thing, and how it was corrected; how many sensitive ones are left out of it."""
    yield [say(f"bulletin.head_{name}", lang) for name in ("case", "item", "unit", "category", "facts", "correction")]
    of = (_member.c.bulletin_id == bulletin["id"], _member.c.family == family.value)
    columns = (_case.c.no, *(_member.c[name] for name in ("item", "unit_id", "category", "facts", "corrected")))
    wanted = select(*columns).select_from(_member.join(_case, _case.c.id == _member.c.case_id)).where(*of, _member.c.sensitive.is_(False))
    run = connection_of(session).execute
    for row in run(wanted.order_by(_case.c.no, _member.c.item)):
        unit = known.units[row.unit_id].code if row.unit_id is not None else ""
        facts = " ".join(say(f"fact.{fact}", lang) for fact in row.facts.split())
        corrected = say(f"objection_state.{row.corrected}", lang) if row.corrected else ""
        yield [row.no, str(row.item or ""), unit, row.category or "", facts, corrected]
    hidden = int(run(select(func.count()).select_from(_member).where(*of, _member.c.sensitive)).scalar_one())
    if hidden:
        yield [say("bulletin.sensitive", lang, n=hidden)]
