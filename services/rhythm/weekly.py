"""A week of score sheets as a paper: what came out by topic and street, the sheets, what was taken off. No person, no ranking."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import STAFF, Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.rhythm.document import Document, Part
from services.rhythm.periods import WEEK, label_of, monday_of
from services.rhythm.settled import Topic
from services.rhythm.sheets import PUBLISHED, items_of, label, points
from services.rhythm.weeks import Score, may_read, result, sheets_of, topic_names
from wording import say

SHEETS: Final = "sheets"  #: code of the part with a row a sheet, each named by its label


def document(session: Session, week: date, viewer: Actor, lang: str) -> Document:
    """The paper of a week, with the sheets that this person may read; what came out is there once the week is published.

    Args:
        session: The unit of work.
        week: Any day of it.
        viewer: Who reads it.
        lang: `zh` or `en`.

    Raises:
        Refused: `mechanism_off`; `score_needs_staff`, the viewer is not on the staff.
    """
    if not viewer.roles & STAFF:
        raise Refused("score_needs_staff")
    known, monday, topics = catalogue(session), monday_of(week), topic_names(session)
    sheets = [sheet for sheet in sheets_of(session, monday) if may_read(sheet, viewer, known)]
    items = items_of(session, [sheet["id"] for sheet in sheets])
    parts = [
        _result(result(session, monday), topics, known, lang),
        _sheets(sheets, items, topics, known, lang),
        _taken(sheets, items, known, lang),
    ]
    published = any(sheet["state"] == PUBLISHED for sheet in sheets)
    return Document(
        say("papers.weekly", lang, week=label_of(WEEK, monday.isoformat()), place=str(getattr(known.names[known.district_id], lang))),
        [say("papers.week_published" if published else "papers.week_open", lang)],
        [part for part in parts if part.rows],
        lang,
        [say("papers.week_means", lang), say("papers.no_people", lang)],
    )


def topic_name(topics: Mapping[str, Topic], code: str, lang: str) -> str:
    """What a topic is called; one that the rules name no more by its code."""
    return str(getattr(topics[code], lang)) if code in topics else code


def _heads(lang: str, *names: str) -> list[str]:
    return [say(f"papers.head_{name}", lang) for name in names]


def _result(scores: Sequence[Score], topics: Mapping[str, Topic], known: Catalogue, lang: str) -> Part:
    """Each topic everywhere first, then in each street."""
    rows = []
    for score in scores:
        where = say("rhythm.everywhere", lang) if score.area_unit_id is None else str(getattr(known.names[score.area_unit_id], lang))
        note = say("papers.small", lang) if score.small else ""
        rows.append([topic_name(topics, score.topic, lang), where, str(score.sheets), f"{score.mean / 100:.2f}", note])
    return Part(say("papers.week_result", lang), _heads(lang, "topic", "area", "sheets", "mean", "note"), rows, texts=frozenset({1, 4}))


def _sheets(sheets: Sequence[Row], items: Mapping[int, Sequence[Row]], topics: Mapping[str, Topic], known: Catalogue, lang: str) -> Part:
    rows = [
        [
            label(sheet["id"]),
            topic_name(topics, sheet["topic"], lang),
            str(getattr(known.names[sheet["unit_id"]], lang)),
            sheet["place"],
            say(f"sheet_state.{sheet['state']}", lang),
            f"{(sheet['full'] - points(items[sheet['id']])) / 10:g}/{sheet['full'] / 10:g}",
        ]
        for sheet in sheets
    ]
    heads = _heads(lang, "sheet", "topic", "unit", "where", "state", "score")
    return Part(say("papers.week_sheets", lang), heads, rows, texts=frozenset({1, 2, 3, 4}), code=SHEETS)


def _taken(sheets: Sequence[Row], items: Mapping[int, Sequence[Row]], known: Catalogue, lang: str) -> Part:
    """What was taken off, and what of it was given back after an appeal."""
    rows = []
    for sheet in sheets:
        for item in items[sheet["id"]]:
            if item["taken"]:
                back = say("rhythm.given_back", lang) if item["given_back"] else ""
                unit = str(getattr(known.names[sheet["unit_id"]], lang))
                rows.append([label(sheet["id"]), unit, item[lang], f"-{item['taken'] / 10:g}", item["reason"], back])
    heads = _heads(lang, "sheet", "unit", "item", "taken", "reason", "note")
    return Part(say("papers.week_taken", lang), heads, rows, texts=frozenset({1, 2, 4, 5}))
