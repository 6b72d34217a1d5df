"""Showing versions of the policy, one in full, and what two of them say otherwise."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rules.facts import Refused
from wording import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from rules.sla import Row
    from services.catalogue import Catalogue
    from services.policies.difference import Line
    from services.policies.stored import PolicyVersion


def version_in_force(session: "Session", version: int | None) -> int:
    """The version that was named, else the one in force now."""
    from clock import utcnow
    from services.catalogue import catalogue

    return catalogue(session).policy_at(utcnow()) if version is None else version


def list_versions(*, as_json: bool) -> None:
    """Print every version."""
    from commands.opening import unit_of_work
    from commands.screen import local, print_json, print_table, screen
    from services.catalogue import catalogue
    from services.policies.stored import versions

    with unit_of_work() as session:
        found, known = versions(session), catalogue(session)
        now = version_in_force(session, None)
    if as_json:
        print_json([_as_json(each, now) for each in found])
        return
    rows = (
        (
            f"v{v.version}" + (say("policy.in_force") if v.version == now else ""),
            say(f"policy.state_{v.state}"),
            v.effective_from,
            v.drafted_by,
            v.published_by,
            local(v.published_at, known.zone),
            say(f"policy.treatment_{v.treatment}") if v.treatment else None,
            v.note.partition(" / ")[0],
        )
        for v in found
    )
    print_table(
        "", ("version", "policy_state", "effective", "drafted_by", "published_by", "published", "treatment", "note"), rows, on=screen()
    )


def _as_json(version: "PolicyVersion", in_force: int) -> dict[str, Any]:
    from dataclasses import asdict

    plain = {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in asdict(version).items()}
    return {**plain, "in_force": version.version == in_force}


def export_version(version: int | None, to: Path, *, force: bool) -> None:
    """Write a version to a file that `policy draft` reads.

    Raises:
        Refused: `file_exists`, `file_kind`, `unknown_policy`.
    """
    from commands.opening import unit_of_work
    from services.policies.stored import policy_file
    from services.policy_files import write_policy_file

    if to.suffix.lower() not in (".toml", ".xlsx"):
        raise Refused("policy_file_kind", file=to.name)
    if to.exists() and not force:
        raise Refused("file_exists", file=to.name)
    with unit_of_work() as session:
        number = version_in_force(session, version)
        file = policy_file(session, number)
    write_policy_file(to, file)
    typer.echo(say("policy.written", version=number, file=to))


def show_version(version: int | None, category: str | None, *, as_json: bool) -> None:
    """Print the rows of a version.

    Raises:
        Refused: `unknown_policy`, `unknown_category`.
    """
    from commands.opening import unit_of_work
    from services.catalogue import catalogue
    from services.policies.stored import policy_file

    with unit_of_work() as session:
        number = version_in_force(session, version)
        file, known = policy_file(session, number), catalogue(session)
    if category is not None and category.upper() not in known.categories:
        raise Refused("unknown_category", category=category)
    rows = [row for row in file.rows if category is None or row.category == category.upper()]
    _print_rows(rows, number, known, as_json=as_json)


def _print_rows(rows: "list[Row]", version: int, known: "Catalogue", *, as_json: bool) -> None:
    from commands.screen import print_json, print_table, screen

    if as_json:
        lines = [{k: v for k, v in row.stored().items() if v not in (None, "", [])} | {"suggested": not row.confirmed_by} for row in rows]
        print_json({"version": version, "rows": lines})
        return
    out = screen()
    cells = ((row.line, names_of(row.names, known), _limits(row), row.basis, _mark(row)) for row in rows)
    print_table(say("policy.title", version=version), ("line", "holds_for", "limits", "basis", "confirmed"), cells, on=out)
    suggested = sum(not row.confirmed_by for row in rows)
    if suggested:
        out.print(say("policy.suggested", n=suggested, of=len(rows)))


def _mark(row: "Row") -> str:
    return row.confirmed_by or say("policy.suggested_mark")


def _limits(row: "Row") -> str:
    from commands.screen import joined

    parts = [f"{kind_word(kind)} {amount(text)}" for kind, text in row.limits.items()]
    if row.stages:
        parts.append(f"{say('policy.stages')} " + " → ".join(f"{s.zh} {s.limit}" for s in row.stages))
    return joined(parts)


def kind_word(kind: str) -> str:
    """A kind of limit in words."""
    from commands.screen import word

    known = word("clock", kind)
    return known if known != kind else word("policy_kind", kind)


def amount(text: str | None) -> str:
    """A limit in words: `3wd` is 3 working days, `none` none."""
    from commands.screen import limit_word

    if text is None:
        return "—"
    if text == "none":
        return say("policy.no_limit")
    return limit_word(text) if text.rstrip("mhwd") != text else text


def names_of(names: Any, known: "Catalogue") -> str:  # noqa: ANN401 - a mapping of codes
    """What a row names, in words; everything when it names nothing."""
    from commands.screen import joined, name_of, word

    said = []
    for dimension, code in names.items():
        category, area = known.categories.get(code), known.unit_ids.get(code)
        named = {
            "category": category.name if category else None,
            "source": known.source_names.get(code),
            "area": known.names.get(area) if area is not None else None,
            "special_group": known.groups.get(code),
        }.get(dimension)
        said.append(f"{code} {name_of(named)}" if named else word("urgency", code) if dimension == "urgency" else code)
    return joined(said) or say("policy.everything")


def show_difference(first: int, second: int | None, *, as_json: bool) -> None:
    """Print what two versions say otherwise; with one, what it says otherwise than the version in force."""
    from commands.opening import unit_of_work
    from commands.screen import print_json, print_table, screen
    from services.catalogue import catalogue
    from services.policies.difference import difference
    from services.policies.stored import policy_file

    with unit_of_work() as session:
        pair = (first, second) if second is not None else (version_in_force(session, None), first)
        lines = difference(policy_file(session, pair[0]), policy_file(session, pair[1]))
        known = catalogue(session)
    if as_json:
        print_json([{"names": dict(line.names), "kind": line.kind, "before": line.before, "after": line.after} for line in lines])
        return
    if not lines:
        typer.echo(say("policy.same", first=pair[0], second=pair[1]))
        return
    title = say("policy.difference", first=pair[0], second=pair[1])
    print_table(title, ("holds_for", "limit_kind", "before", "after"), (_cells(line, known) for line in lines), on=screen())


def _cells(line: "Line", known: "Catalogue") -> tuple[str, str, str | None, str | None]:
    if line.kind in ("stages", "rungs", "ladder"):
        return names_of(line.names, known), say(f"policy.{line.kind}"), line.before, line.after
    return names_of(line.names, known), kind_word(line.kind), amount(line.before), amount(line.after)
