"""Who hears a notice: the people who fill a post at this moment, or those who stand in for them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from notifications.notices import NOTICES, Audience
from rules.ladder import Post
from services.catalogue import Catalogue, Person

NAMED: Final = Audience.NAMED.value
#: Staff roles that fill a post, best first; further up the supervising line the same roles are looked for.
ROLES: Final = {
    "clerk": ("clerk", "worker", "dispatcher", "duty_leader", "head"),
    "head": ("head", "duty_leader", "clerk", "worker"),
    "duty": ("duty_leader", "head"),
    "centre": ("dispatcher", "duty_leader", "clerk", "head"),
    "centre_head": ("head", "dispatcher", "duty_leader", "clerk"),
    "admin": ("admin",),
    NAMED: ("head", "duty_leader", "clerk", "worker"),  # where the case names nobody, or nobody is there in the person's place
}
_REPORTER: Final = Audience.REPORTER.value


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody who is told, and how.

    Attributes:
        person: Who; None: the residents who reported, or the one that `requester_id` names.
        channel: By which channel.
        instead_of: Whose post it is, when that person is away.
    """

    person: Person | None
    channel: str
    instead_of: Person | None = None
    requester_id: int | None = None

    @property
    def who(self) -> int:
        """A number by which one recipient is told from another; 0 for the residents who reported, below it one that is named."""
        return self.person.id if self.person else -(self.requester_id or 0)


Filled = tuple[Post, tuple[Addressee, ...]]
_Found = dict[int, tuple[Person, Person | None]]


def recipient_of(staff_id: int | None, requester_id: int | None, unit_id: int | None = None) -> str:
    """What a recipient is called in limits, numbers that fail and the inbox: s12 of the staff, r5 a resident, u7 a unit's duty phone."""
    if staff_id is not None:
        return f"s{staff_id}"
    return f"r{requester_id}" if requester_id is not None else f"u{unit_id}"


def posts_of(code: str, to: Sequence[Post] = ()) -> list[tuple[Post, str]]:
    """The posts that a notice goes to, each with its channel.

    Args:
        code: The notice.
        to: These posts instead of its own, by the channel it has for them, else by the first it has.
    """
    own = [(Post.parse(audience), channel) for audience, channel in NOTICES[code].to]
    if not to:
        return own
    channels = dict(reversed(own))
    return [(post, channels.get(post, own[0][1])) for post in to]


@dataclass(slots=True)
class Roll:
    """Who is there at one moment; made once for a batch, because it remembers what it was asked.

    Who has left is nowhere; what is for a unit that was merged is for its successor.

    Attributes:
        catalogue: Units and people.
        now: The moment, aware UTC.
    """

    catalogue: Catalogue
    now: datetime
    _away: frozenset[int] = field(init=False, repr=False)
    _on_duty: dict[int, list[Person]] = field(init=False, repr=False)
    _told: dict[tuple[object, ...], tuple[Filled, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        known, now = self.catalogue, self.now
        gone = {p.id for p in known.people.values() if p.left_at is not None}
        self._away = frozenset(gone.union(a.person_id for a in known.absences if a.covers(now)))
        self._on_duty = defaultdict(list)
        for duty in known.duties:
            if duty.unit_id is not None and duty.covers(now) and duty.person_id in known.by_id:
                self._on_duty[duty.unit_id].append(known.by_id[duty.person_id])

    def addressees(
        self,
        code: str,
        unit_id: int | None,
        section_id: int | None = None,
        *,
        to: Sequence[Post] = (),
        without: Collection[int] = (),
        named: int | None = None,
    ) -> tuple[Filled, ...]:
        """Each post that a notice goes to, with who fills it; nobody twice, the first post that finds somebody counts.

        Args:
            code: The notice.
            unit_id: The unit it is about; posts are found relative to it.
            section_id: The section inside it that does the work: its clerk hears instead of the unit's.
            to: Posts instead of the notice's own.
            without: Ids of people who cannot be told.
            named: Id of the person that the case names to hear when nobody acknowledges it.
        """
        key = (code, unit_id, section_id, tuple(to), frozenset(without), named)
        found = self._told.get(key)
        if found is None:
            found = self._told[key] = tuple(self._fill_all(posts_of(code, to), unit_id, section_id, without, named))
        return found

    def there(self, ids: Collection[int], without: Collection[int] = ()) -> list[Person]:
        """Of these people, in this order, those who are there."""
        return self._there([self.catalogue.by_id[i] for i in ids if i in self.catalogue.by_id], without)

    def _fill_all(
        self, posts: Sequence[tuple[Post, str]], unit_id: int | None, section_id: int | None, without: Collection[int], named: int | None
    ) -> Iterator[Filled]:
        by_post: dict[int, Post] = {}
        for post, channel in posts:
            if post.role == _REPORTER:
                yield post, (Addressee(None, channel),)
                continue
            found = self.person(named, without) if post.role == NAMED else {}
            found = found or self._fill(post, unit_id, section_id, without)
            told = [(person, away) for person, away in found.values() if by_post.setdefault(person.id, post) == post]
            if told or not found:
                yield post, tuple(Addressee(person, channel, away) for person, away in told)

    def person(self, person_id: int | None, without: Collection[int] = ()) -> _Found:
        """One person, or who stands in, each with the one who is away; nobody where there is neither."""
        person = self.catalogue.by_id.get(person_id) if person_id is not None else None
        if person is None:
            return {}
        if self._there([person], without):
            return {person.id: (person, None)}
        return {other.id: (other, person) for other in self._stand_ins(person, without)}

    def _fill(self, post: Post, unit_id: int | None, section_id: int | None, without: Collection[int]) -> _Found:
        """People of the nearest unit on the post's line where anybody is there."""
        missed: Person | None = None
        for unit in self._line(post, unit_id, section_id):
            found, absent = self._in_unit(unit, ROLES[post.role], without, missed)
            if found:
                return found
            missed = missed or absent
        return {}

    def _line(self, post: Post, unit_id: int | None, section_id: int | None) -> Iterator[int]:
        """Units where a post is looked for: its own first, then up the supervising line."""
        catalogue = self.catalogue
        homes = {"duty": catalogue.district_id, "admin": catalogue.district_id}
        home = homes.get(post.role, catalogue.desk_id if post.role.startswith("centre") else unit_id)
        if home is None:
            return
        line = [catalogue.present(home)]
        while (upper := catalogue.units[line[-1]].supervising_id) is not None and upper not in line:
            line.append(upper)
        if section_id is not None and post == Post("clerk"):
            yield section_id
        yield from line[min(post.up, len(line) - 1) :]

    def _in_unit(self, unit_id: int, roles: Sequence[str], without: Collection[int], missed: Person | None) -> tuple[_Found, Person | None]:
        """Who of a unit is there, by the first role that is filled, else who is on duty for it; and the first who is missed."""
        for role in roles:
            holders = [p for p in self.catalogue.by_unit.get(unit_id, ()) if p.role == role and p.id not in without]
            found: _Found = {p.id: (p, missed) for p in holders if p.id not in self._away}
            absent = [p for p in holders if p.id in self._away]
            for person in absent:
                for other in self._stand_ins(person, without):
                    found.setdefault(other.id, (other, person))
            if found:
                return found, missed
            missed = missed or next(iter(absent), None)
        return {p.id: (p, missed) for p in self._there(self._on_duty.get(unit_id, ()), without)}, missed

    def _stand_ins(self, person: Person, without: Collection[int]) -> list[Person]:
        """The deputy; when there is none or that one is away too, who is on duty for the unit."""
        deputy = self.catalogue.by_id.get(person.deputy_id) if person.deputy_id is not None else None
        there = self._there([deputy] if deputy else [], without)
        return there or self._there(self._on_duty.get(person.unit_id, ()), without)

    def _there(self, people: Sequence[Person], without: Collection[int]) -> list[Person]:
        return [p for p in people if p.id not in self._away and p.id not in without]
