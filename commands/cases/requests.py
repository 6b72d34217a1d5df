"""`bihuan request`, `bihuan hold`, `bihuan return`: what waits for a decision, what is on hold, what units gave back."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wording import say

if TYPE_CHECKING:
    from services.catalogue import Catalogue
    from services.moves import Row
    from services.requests import Held, Returns


def _json() -> Any:  # noqa: ANN401 - Typer says Any itself
    return typer.Option("--json", help=say("cli.json"))


def add(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for name, fill in (("request", _add_waiting), ("hold", _add_holds), ("return", _add_returns)):
        group = typer.Typer(help=say(f"requests.{name}"), no_args_is_help=True)
        app.add_typer(group, name=name)
        fill(group)


def _add_waiting(group: typer.Typer) -> None:
    @group.command("list", help=say("requests.request_list"))
    def list_them(
        kind: Annotated[list[str] | None, typer.Option(help=say("requests.only_kind"))] = None,
        unit: Annotated[str | None, typer.Option(help=say("requests.only_unit"))] = None,
        as_json: Annotated[bool, _json()] = False,
    ) -> None:
        _list_waiting(kind or [], unit, as_json=as_json)

    @group.command("kinds", help=say("requests.request_kinds"))
    def kinds() -> None:
        _print_kinds()


def _add_holds(group: typer.Typer) -> None:
    @group.command("list", help=say("requests.hold_list"))
    def list_them(
        public: Annotated[bool, typer.Option("--public", help=say("requests.public"))] = False,
        every: Annotated[bool, typer.Option("--all", help=say("requests.lifted"))] = False,
        as_json: Annotated[bool, _json()] = False,
    ) -> None:
        _list_holds(public=public, every=every, as_json=as_json)


def _add_returns(group: typer.Typer) -> None:
    @group.command("list", help=say("requests.return_list"))
    def list_them(
        unit: Annotated[str | None, typer.Option(help=say("requests.only_unit"))] = None,
        limit: Annotated[int, typer.Option(min=1, max=100_000, help=say("requests.most"))] = 50,
        as_json: Annotated[bool, _json()] = False,
    ) -> None:
        _list_returns(unit, limit, as_json=as_json)


# what waits -----------------------------------------------------------------------------------------------------------


def _list_waiting(kinds: list[str], unit: str | None, *, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.requests import waiting, waiting_json

    now = utcnow()
    with unit_of_work() as session:
        known, found = catalogue(session), waiting(session, kinds, unit)
    if as_json:
        print_json([waiting_json(row, known, now) for row in found])
    else:
        _print_waiting(found, known, now)


def _print_waiting(found: "list[Row]", known: "Catalogue", now: datetime) -> None:
    from commands.screen import joined, limit_word, local, print_table, screen, unit_name, word

    out = screen()
    if not found:
        out.print(say("requests.nothing_waits"))

    def row(each: "Row") -> tuple[object, ...]:
        late = each["clock_due_at"] is not None and each["clock_due_at"] < now and word("light", "late")
        code = each["code"] and (limit_word(each["code"]) if each["kind"] == "extension" else word("reason", each["code"]))
        said = joined((code, None if each["sensitive"] else each["reason"]))
        who = unit_name(known, each["unit_id"]) or each["asked_by"]
        turn = unit_name(known, each["clock_unit_id"])
        return (
            each["case"],
            each["no"],
            word("request", each["kind"]),
            who,
            said,
            turn,
            joined((local(each["clock_due_at"], known.zone), late)),
        )

    print_table("", ("case", "request_no", "request", "who_asks", "said", "decides", "due"), map(row, found), on=out)


def _print_kinds() -> None:
    from commands.screen import joined, print_table, screen, word
    from rules.reasons import REASONS

    rows = [
        (kind.value, word("request", kind.value), joined(f"{code} {word('reason', code)}" for code in REASONS[kind])) for kind in REASONS
    ]
    print_table("", ("code", "request", "reason"), rows, on=screen())


# holds ----------------------------------------------------------------------------------------------------------------


def _list_holds(*, public: bool, every: bool, as_json: bool) -> None:
    from clock import utcnow
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.requests import held, ledger_json, public_ledger

    now = utcnow()
    with unit_of_work() as session:
        known, found = catalogue(session), held(session, lifted=every and not public)
    if public and as_json:
        print_json(public_ledger(found, known, now))
    elif public:
        _print_public(public_ledger(found, known, now), known)
    elif as_json:
        print_json([ledger_json(each, known, now) for each in found])
    else:
        _print_holds(found, known, now)


def _print_holds(found: "list[Held]", known: "Catalogue", now: datetime) -> None:
    from commands.screen import joined, local, print_table, screen, unit_name, word

    out = screen()
    if not found:
        out.print(say("requests.nothing_held"))

    def row(each: "Held") -> tuple[object, ...]:
        category = known.categories.get(each.category or "")
        why = joined((each.code and word("reason", each.code), each.reason))
        standing = say("requests.beyond") if each.beyond_cap(now) else say("requests.in_force") if each.open else say("requests.ended")
        when = (local(each.since, known.zone), each.days(now), local(each.review_due, known.zone), local(each.cap_due, known.zone))
        return (each.case, unit_name(known, each.unit_id), category and category.code, why, *when, standing)

    columns = ("case", "unit", "category", "reason", "since", "days_held", "review_due", "cap_due", "standing")
    print_table("", columns, map(row, found), on=out)


def _print_public(ledger: dict[str, Any], known: "Catalogue") -> None:
    from commands.screen import name_of, print_table, screen, unit_name, word

    out = screen()
    out.print(say("requests.published", open=ledger["open"], beyond=ledger["beyond_cap"]))
    units = {unit_name(known, known.unit_ids.get(code)): n for code, n in ledger["by_unit"].items()}
    categories = {f"{code} {name_of(known.categories[code].name)}": n for code, n in ledger["by_category"].items() if code}
    reasons = {word("reason", code): n for code, n in ledger["by_reason"].items()}
    ages = {say(f"requests.age_{name}"): n for name, n in ledger["by_age"].items()}
    for column, counts in (("unit", units), ("category", categories), ("reason", reasons), ("age", ages)):
        print_table("", (column, "how_many"), counts.items(), on=out)


# returns --------------------------------------------------------------------------------------------------------------


def _list_returns(unit: str | None, limit: int, *, as_json: bool) -> None:
    from commands.opening import unit_of_work
    from commands.screen import print_json
    from services.catalogue import catalogue
    from services.requests import passed_around, returned, returns_json

    with unit_of_work() as session:
        known, (rows, units), around = catalogue(session), returned(session, unit, limit), passed_around(session)
    if as_json:
        print_json(returns_json(rows, units, around, known))
    else:
        _print_returns(rows, units, around, known)


def _print_returns(rows: "list[Row]", units: "list[Returns]", around: "list[Row]", known: "Catalogue") -> None:
    from commands.screen import joined, local, print_table, screen, unit_name, word

    out = screen()
    if not rows:
        out.print(say("requests.nothing_returned"))

    def row(each: "Row") -> tuple[object, ...]:
        said = joined((word("reason", each["code"]), None if each["sensitive"] else each["reason"]))
        answer = None if each["sensitive"] else each["answer"]
        asked = local(each["asked_at"], known.zone)
        owner = unit_name(known, each["to_unit_id"])
        return (each["case"], unit_name(known, each["unit_id"]), said, asked, word("state", each["state"]), owner, answer)

    columns = ("case", "unit", "reason", "asked_when", "state", "owned_by", "answer")
    print_table("", columns, map(row, rows), on=out)
    shares = [(unit_name(known, u.unit_id), u.ruled, u.states.get("refused", 0), _share(u.rejected_rate)) for u in units]
    print_table(say("requests.rate"), ("unit", "ruled", "rejected", "rejected_rate"), shares, on=out)
    cases = [(each["case"], each["hops"], unit_name(known, each["unit_id"]), word("state", each["state"])) for each in around]
    print_table(say("requests.around"), ("case", "hops", "unit", "state"), cases, on=out)


def _share(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:.1%}"
