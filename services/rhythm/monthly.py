"""The bulletin of a month as a paper: the district, units by their class, categories, objections, how each figure is defined.

Units stand in the order of their codes below their class. An order by figures is there only where the mechanism `ranking` is switched on.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from rules.indicators import Figure
from services.catalogue import Catalogue, catalogue
from services.mechanisms import is_on
from services.moves import Row
from services.rhythm.bulletins import PUBLISHED
from services.rhythm.document import Document, Part
from services.rhythm.figures import CATEGORY, CLASS, DISTRICT, RANKING, UNIT, Figures, figures_of, ranking
from services.rhythm.paper import Names, definition_rows, names_of, objection_rows, percent
from wording import say

#: The three that stand side by side: a hold hides no overdue work, and is not hidden by it.
ON_TIME: Final = ("on_time_rate", "on_time_rate_strict", "on_time_rate_plain")
_SERVICE: Final = ("acknowledged_rate", "first_contact_rate", "rework_rate", "resolution_rate", "satisfaction_rate")
_BY_CATEGORY: Final = ("received", "handled", "on_time_rate", "on_time_rate_plain", "resolution_rate", "satisfaction_rate")
_By = Mapping[tuple[str, str], Mapping[str, Figure]]


def document(session: Session, bulletin: Row, lang: str) -> Document:
    """The paper of a bulletin that somebody may read (`bulletins.read_bulletin`).

    Args:
        session: The unit of work.
        bulletin: Its row.
        lang: `zh` or `en`.
    """
    known, found, names = catalogue(session), figures_of(session, bulletin), names_of(session, lang)
    by: _By = {(table.by, table.key): {figure.code: figure for figure in table.figures} for table in found.tables}
    parts = [
        _district(by[DISTRICT, ""], names, lang),
        _units(by, ON_TIME, "papers.on_time", known, names, lang),
        _units(by, _SERVICE, "papers.service", known, names, lang),
        _categories(by, names, lang),
        *_ranked(session, bulletin, known, names, lang),
        _objections(session, bulletin, known, lang),
        _definitions(lang),
    ]
    return Document(
        say("papers.monthly", lang, place=names[DISTRICT, ""], **_named(bulletin["month"])),
        _about(bulletin, known, lang),
        [part for part in parts if part.rows],
        lang,
        _notes(found, bulletin, lang),
    )


def _named(month: str) -> dict[str, str]:
    """A month as people write it: 2026年12月, 12/2026."""
    year, _, number = month.partition("-")
    return {"year": year, "number": number.lstrip("0")}


def _about(bulletin: Row, known: Catalogue, lang: str) -> list[str]:
    at = {name: bulletin[name].astimezone(known.zone) for name in ("made_at", "published_at", "objections_until") if bulletin[name]}
    lines = [say(f"bulletin_state.{bulletin['state']}", lang), say("bulletin.as_of", lang, at=f"{at['made_at']:%Y-%m-%d %H:%M}")]
    if bulletin["state"] == PUBLISHED:
        lines.append(say("papers.published", lang, at=f"{at['published_at']:%Y-%m-%d %H:%M}"))
    elif "objections_until" in at:
        lines.append(say("papers.objections_until", lang, at=f"{at['objections_until']:%Y-%m-%d %H:%M}"))
    return lines


def _notes(found: Figures, bulletin: Row, lang: str) -> list[str]:
    return [
        say("bulletin.small_means", lang, n=bulletin["small"]),
        say("bulletin.sensitive", lang, n=found.sensitive),
        say("bulletin.corrected", lang, n=found.corrected),
        say("papers.no_people", lang),
    ]


def told(figure: Figure | None, lang: str) -> str:
    """A figure in one cell: the rate with its counts, of what is small the counts alone."""
    if figure is None or not figure.n:
        return "—"
    if figure.hits is None:
        return str(figure.n)
    if figure.small:
        return say("papers.few", lang, hits=figure.hits, n=figure.n)
    return f"{percent(figure.rate)} ({figure.hits}/{figure.n})"


def _district(figures: Mapping[str, Figure], names: Names, lang: str) -> Part:
    heads = [say(f"papers.head_{name}", lang) for name in ("figure", "value", "of", "interval")]
    return Part(names[DISTRICT, ""], heads, [_whole(figure, lang) for figure in figures.values()])


def _whole(figure: Figure, lang: str) -> list[str]:
    name = say(f"indicator.{figure.code}", lang)
    if figure.hits is None:
        return [name, str(figure.n), "", ""]
    of = f"{figure.hits}/{figure.n}" if figure.n else "—"
    if figure.small or figure.rate is None:
        return [name, say("papers.small", lang) if figure.n else "—", of, ""]
    return [name, percent(figure.rate), of, f"{percent(figure.low)}–{percent(figure.high)}"]


def _short(code: str, lang: str) -> str:
    return say(f"papers.short_{code}", lang)


def _units(by: _By, codes: Sequence[str], title: str, known: Catalogue, names: Names, lang: str) -> Part:
    """The district first, then each class with its units by code; never by how they do."""
    heads = [say("papers.head_unit", lang), *(_short(code, lang) for code in codes)]
    rows = [[names[DISTRICT, ""], *(told(by[DISTRICT, ""].get(code), lang) for code in codes)]]
    last = ""
    for kind, unit in sorted((known.units[known.unit_ids[key]].kind, key) for part, key in by if part == UNIT):
        figures = by[UNIT, unit]
        if not any(code in figures and figures[code].n for code in codes):
            continue
        if kind != last:
            last = kind
            rows += [[names[CLASS, kind]], [say("papers.whole_class", lang), *(told(by[CLASS, kind].get(code), lang) for code in codes)]]
        rows.append([names[UNIT, unit], *(told(figures.get(code), lang) for code in codes)])
    note = say(f"{title}_note", lang)
    return Part(say(title, lang), heads, rows, [note])


def _categories(by: _By, names: Names, lang: str) -> Part:
    heads = [say("papers.head_category", lang), *(_short(code, lang) for code in _BY_CATEGORY)]
    keys = sorted(key for part, key in by if part == CATEGORY)
    rows = [
        [f"{key} {names.get((CATEGORY, key), '')}".strip(), *(told(by[CATEGORY, key].get(c), lang) for c in _BY_CATEGORY)] for key in keys
    ]
    return Part(say("papers.by_category", lang), heads, rows)


def _ranked(session: Session, bulletin: Row, known: Catalogue, names: Names, lang: str) -> Iterator[Part]:
    """Only where it is switched on, only of what is published, each class by itself."""
    if bulletin["state"] != PUBLISHED or not is_on(session, RANKING):
        return
    heads = [say(f"papers.head_{name}", lang) for name in ("unit", "place", "value")]
    for kind, units in ranking(session, bulletin["month"], ON_TIME[0]).items():
        rows = [[str(getattr(known.names[each.unit_id], lang)), str(each.place or "—"), told(each.figure, lang)] for each in units]
        yield Part(say("papers.ranking", lang, name=names[CLASS, kind]), heads, rows, [say("papers.ranking_note", lang)])


def _objections(session: Session, bulletin: Row, known: Catalogue, lang: str) -> Part:
    heads, *rows = objection_rows(session, bulletin, known, lang)
    return Part(say("bulletin.sheet_objections", lang), heads, rows, texts=frozenset(range(1, len(heads))))


def _definitions(lang: str) -> Part:
    heads, *rows = definition_rows(lang)
    return Part(say("bulletin.sheet_definitions", lang), heads, rows, texts=frozenset(range(1, len(heads))))
