"""Photos and papers: written anew, asked when and where they were taken, kept under their hash, put with the case by whoever may."""

import hashlib
import random
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from models import Attachment, Journal, table
from rules.facts import Refused
from rules.geo import Point, distance_m
from services.attachments import AT_ONCE, KEPT_MOST, Belongs, Kept, attach, attachments_of, is_whole, keep, keep_file, place_of
from services.attachments.pictures import LONGEST_SIDE, PIXELS_MOST, written_anew
from services.intake import Report, submit
from services.moves import Setting
from tests.support.pictures import PLACE, exif, photo
from tests.support.town import Town

_attachment, _journal = table(Attachment), table(Journal)
PDF = b"%PDF-1.7\n" + bytes(64) + b"%%EOF"
SHANGHAI = timedelta(hours=8)


def refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda refusal: refusal.code == code)


def kept(tmp_path: Path, **more: Any) -> Kept:
    return keep(tmp_path, photo(**more), "现场.jpg")


# the picture itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "media"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_photo_is_kept_without_what_the_camera_wrote_into_it(tmp_path: Path, kind: str, media: str) -> None:
    given = photo(kind, exif=exif("2026:11:20 08:31:05", "+08:00", PLACE), icc_profile=b"colours " * 40)
    found = keep(tmp_path, given, "C:\\photos\\现场.jpg")
    bytes_kept = place_of(tmp_path, found.sha256).read_bytes()
    assert (found.media, found.name, found.size) == (media, "现场.jpg", len(bytes_kept))
    assert (found.given, found.sha256) == (hashlib.sha256(given).hexdigest(), hashlib.sha256(bytes_kept).hexdigest())
    assert is_whole(tmp_path, found.sha256)
    for secret in (b"SERIAL-0815", b"4711", b"Exif", b"EXIF", b"2026:11:20", b"colours", b"ICC", b"xmp"):
        assert secret not in bytes_kept
    with Image.open(BytesIO(bytes_kept)) as image:
        assert dict(image.getexif()) == {}
        assert (image.size, image.mode) == ((64, 48), "RGB")


def test_comments_and_texts_go_too(tmp_path: Path) -> None:
    for kind, more in (("JPEG", {"comment": b"secret words"}), ("JPEG", {"xmp": b"<x:xmpmeta>secret words</x:xmpmeta>"})):
        found = keep(tmp_path, photo(kind, **more), "a.jpg")
        assert b"secret" not in place_of(tmp_path, found.sha256).read_bytes()


def test_time_and_place_are_read_before_they_go(tmp_path: Path) -> None:
    taken = kept(tmp_path, exif=exif("2026:11:20 08:31:05", "+08:00", PLACE)).taken
    assert taken.at == datetime(2026, 11, 20, 0, 31, 5, tzinfo=UTC)
    assert taken.place is not None
    assert distance_m(taken.place, Point(31 + 14 / 60 + 12.5 / 3600, 121 + 28 / 60 + 30 / 3600)) < 0.5
    assert taken.accuracy_m == 5, "rounded up"


def test_a_camera_that_names_no_zone_is_taken_to_be_here(tmp_path: Path) -> None:
    taken = kept(tmp_path, exif=exif("2026:11:20 08:31:05")).taken
    assert taken.at is not None
    assert taken.at.tzinfo is None
    from zoneinfo import ZoneInfo

    assert taken.moment(ZoneInfo("Asia/Shanghai")) == datetime(2026, 11, 20, 0, 31, 5, tzinfo=UTC)


def test_a_zone_written_badly_is_as_none(tmp_path: Path) -> None:
    taken = kept(tmp_path, exif=exif("2026:11:20 08:31:05", "here")).taken
    assert taken.at == datetime(2026, 11, 20, 8, 31, 5)  # noqa: DTZ001 - local time, as the camera left it


def test_satellites_tell_the_time_when_the_camera_does_not(tmp_path: Path) -> None:
    gps = {**PLACE, 29: "2026:11:20", 7: (0.0, 31.0, 5.0)}
    assert kept(tmp_path, exif=exif(gps=gps)).taken.at == datetime(2026, 11, 20, 0, 31, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (121.0, 0.0, 0.0)},
        {1: "N", 2: (31.0, 14.0), 3: "E", 4: (121.0, 28.0)},
        {1: "N", 2: (31.0, 14.0, 1.0)},
        {3: "E"},
    ],
)
def test_a_place_that_makes_no_sense_is_as_none(tmp_path: Path, gps: dict[int, Any]) -> None:
    assert kept(tmp_path, exif=exif("0000:00:00 00:00:00", gps=gps)).taken.place is None


def test_south_and_west_are_below_zero(tmp_path: Path) -> None:
    gps = {1: "S", 2: (33.0, 30.0, 0.0), 3: "W", 4: (70.0, 30.0, 0.0)}
    assert kept(tmp_path, exif=exif(gps=gps)).taken.place == Point(-33.5, -70.5)


def test_a_camera_that_writes_shifted_points_says_so_and_is_shifted_back(tmp_path: Path) -> None:
    plain, shifted = (kept(tmp_path, exif=exif(gps={**PLACE, **more})).taken.place for more in ({}, {18: "GCJ-02"}))
    assert plain is not None
    assert shifted is not None
    assert 200 < distance_m(plain, shifted) < 1000


def test_a_photo_on_its_side_is_set_upright(tmp_path: Path) -> None:
    found = kept(tmp_path, exif=exif(orientation=6))
    assert (found.width, found.height) == (48, 64)
    with Image.open(place_of(tmp_path, found.sha256)) as image:
        assert image.size == (48, 64)


def test_a_large_photo_is_made_smaller_and_a_small_one_left(tmp_path: Path) -> None:
    found = kept(tmp_path, size=(5000, 2500))
    assert (found.width, found.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)
    assert (kept(tmp_path).width, kept(tmp_path).height) == (64, 48)


def test_a_picture_that_one_sees_through_stays_so_and_a_palette_is_unfolded(tmp_path: Path) -> None:
    clear, palette = BytesIO(), BytesIO()
    Image.new("RGBA", (8, 8), (1, 2, 3, 100)).save(clear, "PNG")
    Image.new("P", (8, 8), 3).save(palette, "PNG", transparency=3)
    for given in (clear, palette):
        found = keep(tmp_path, given.getvalue(), "a.png")
        with Image.open(place_of(tmp_path, found.sha256)) as image:
            assert image.mode == "RGBA"


def test_greys_in_16_bits_stay_as_grey_as_they_are(tmp_path: Path) -> None:
    scan = BytesIO()
    Image.new("I;16", (8, 8), 30_000).save(scan, "PNG")
    found = keep(tmp_path, scan.getvalue(), "scan.png")
    with Image.open(place_of(tmp_path, found.sha256)) as image:
        assert (image.mode, image.getpixel((0, 0))) == ("L", 30_000 // 256)


def test_the_same_photo_twice_is_one_file(tmp_path: Path) -> None:
    assert kept(tmp_path) == kept(tmp_path)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_paper_is_kept_as_it_came(tmp_path: Path) -> None:
    found = keep(tmp_path, PDF, "回执.pdf")
    assert (found.media, found.sha256, found.width) == ("application/pdf", found.given, None)
    assert place_of(tmp_path, found.sha256).read_bytes() == PDF


def test_a_kept_file_that_was_altered_is_found_and_mended_by_the_same_file(tmp_path: Path) -> None:
    source, folder = tmp_path / "photo.png", tmp_path / "files"
    source.write_bytes(photo("PNG"))
    found = keep_file(folder, source)
    assert keep_file(folder, source) == found
    place = place_of(folder, found.sha256)
    assert place.relative_to(folder).parts[0] == found.sha256[:2]
    place.write_bytes(place.read_bytes() + b"x")
    assert not is_whole(folder, found.sha256)
    keep_file(folder, source)
    assert is_whole(folder, found.sha256)
    assert [p.name for p in place.parent.iterdir()] == [found.sha256], "nothing is left lying beside it"
    assert not is_whole(folder, "00" * 32)


# what is refused at the door ------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """A small file that would unfold into more pixels than anybody needs."""
    out = BytesIO()
    Image.new("1", (9000, PIXELS_MOST // 9000 + 1)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"GIF89a" + bytes(200), "file_kind"),
        (b"hello", "file_kind"),
        (b"<html><script>alert(1)</script></html>", "file_kind"),
        (b"MZ" + bytes(200), "file_kind"),
        (b"PK\x03\x04" + bytes(200), "file_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_kind"),
        (bytes(4) + b"ftypheic" + bytes(200), "picture_heic"),
        (bytes(4) + b"ftypmif1" + bytes(200), "picture_heic"),
        (bytes(4) + b"ftypisom" + bytes(200), "file_kind"),
        (photo()[:400], "picture_broken"),
        (photo("PNG")[:60] + bytes(40), "picture_broken"),
        (photo("PNG")[:-20], "picture_broken"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "picture_broken"),
        (photo() + bytes(KEPT_MOST), "file_too_big"),
        (bomb(), "picture_too_large"),
    ],
    ids=(
        "empty",
        "gif",
        "text",
        "html",
        "program",
        "archive",
        "svg",
        "heic",
        "heif",
        "film",
        "half a jpeg",
        "half a png",
        "a png without its end",
        "a png's head",
        "too big",
        "too many pixels",
    ),
)
def test_what_is_no_photo_is_refused_and_leaves_nothing(tmp_path: Path, data: bytes, code: str) -> None:
    with refused(code):
        keep(tmp_path, data, "现场.jpg")
    assert list(tmp_path.rglob("*")) == []


def test_more_pixels_than_pillow_itself_would_open_are_refused(tmp_path: Path) -> None:
    out = BytesIO()
    Image.new("1", (14_000, 14_000)).save(out, "PNG")
    with refused("picture_too_large"):
        keep(tmp_path, out.getvalue(), "现场.png")


def test_the_cap_is_the_installations_own(tmp_path: Path) -> None:
    with refused("file_too_big"):
        keep(tmp_path, photo(), "现场.jpg", most=100)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_altered_anywhere_is_taken_or_refused_and_never_more_than_that(kind: str) -> None:
    media, whole, chance = f"image/{kind.lower()}", photo(kind, exif=exif("2026:11:20 08:31:05", "+08:00", PLACE)), random.Random(7)
    ends = {"taken": 0, "picture_broken": 0, "picture_too_large": 0}
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        ends[outcome(bytes(data), media)] += 1
    assert ends["picture_broken"] > 0
    assert kind == "PNG" or ends["taken"] > 0, "the checksums of a PNG find every change that matters"


def outcome(data: bytes, media: str) -> str:
    try:
        written_anew(data, media, "a")
    except Refused as refusal:
        return refusal.code
    return "taken"


# with the case --------------------------------------------------------------------------------------------------------


def reported(town: Town, *files: Kept, body: str = "晨光小区5号楼下水道堵了，污水外溢", **more: Any) -> int:
    report = Report("", body, area="chenguang-1", requester="10000000001", phone="10000000001", files=files, **more)
    with town.context.database.unit_of_work() as session:
        return submit(session, [report], Setting(town.now))[0].case_id


def put(town: Town, case: int, user: str, *pieces: Kept, stage: str = "after", order_no: int | None = None, note: str = "") -> list[int]:
    actor = town.actor(user)
    with town.context.database.unit_of_work() as session:
        return attach(session, case, pieces, Belongs(stage, order_no, note), actor, Setting(town.now))


def rows(town: Town, case: int) -> list[dict[str, Any]]:
    with town.context.database.unit_of_work() as session:
        return attachments_of(session, [case]).get(case, [])


def test_files_of_a_report_stand_with_its_case_and_their_hashes_in_the_first_entry(town: Town, tmp_path: Path) -> None:
    first, second = kept(tmp_path, exif=exif("2026:11:20 08:31:05", None, PLACE)), keep(tmp_path, PDF, "回执.pdf")
    case = reported(town, first, second)
    found = rows(town, case)
    assert [(r["no"], r["stage"], r["media"], r["sha256"]) for r in found] == [
        (1, "report", "image/jpeg", first.sha256),
        (2, "report", "application/pdf", second.sha256),
    ]
    assert (found[0]["taken_at"], found[0]["taken_accuracy_m"]) == (datetime(2026, 11, 20, 0, 31, 5, tzinfo=UTC), 5)
    assert round(found[0]["taken_lat"], 4) == 31.2368
    assert found[0]["added_by"] == "resident"
    entry = town.journal(case)[0]
    assert entry.data["files"] == [{"no": 1, "sha256": first.sha256}, {"no": 2, "sha256": second.sha256}]
    assert "现场" not in str(entry.data)


def test_more_files_than_a_phone_sends_together_are_refused_with_their_report(sqlite_town: Town, tmp_path: Path) -> None:
    files = [kept(tmp_path, shade=n) for n in range(AT_ONCE + 1)]
    with refused("too_many_files"):
        reported(sqlite_town, *files)
    assert sqlite_town.rows(select(_attachment)) == []


def at_work(town: Town) -> int:
    case = reported(town)
    town.turn()
    return case


def test_the_unit_adds_what_it_looks_like_now_to_its_own_work_order(town: Town, tmp_path: Path) -> None:
    case, piece = at_work(town), kept(tmp_path)
    assert put(town, case, "water.clerk", piece, stage="after", note="已疏通") == [1]
    (row,) = rows(town, case)
    assert (row["stage"], row["order_no"], row["note"], row["added_by"]) == ("after", town.order_no(case, "water"), "已疏通", "water.clerk")
    entry = town.journal(case)[-1]
    assert (entry.action, entry.thing, entry.actor, entry.step) == ("attach", "case", "water.clerk", "handle")
    assert entry.data == {"stage": "after", "order": row["order_no"], "files": [{"no": 1, "sha256": piece.sha256}]}
    assert town.case(case).journal_hash == entry.hash


def test_adding_the_same_file_again_changes_nothing(town: Town, tmp_path: Path) -> None:
    case, piece, other = at_work(town), kept(tmp_path), kept(tmp_path, shade=3)
    put(town, case, "water.clerk", piece)
    entries = len(town.journal(case))
    assert put(town, case, "water.clerk", piece) == [1]
    assert len(town.journal(case)) == entries
    assert put(town, case, "water.clerk", other, piece, other) == [2, 1, 2]
    assert put(town, case, "water.clerk", piece, stage="before") == [3], "for another stage it is another"


@pytest.mark.parametrize("user", ["centre.duty", "chenguang-1.worker", "chenguang.clerk", "hubin-centre.duty"])
def test_the_centre_and_those_over_the_place_may_add_too(sqlite_town: Town, tmp_path: Path, user: str) -> None:
    case = at_work(sqlite_town)
    assert put(sqlite_town, case, user, kept(tmp_path), stage="other") == [1]
    assert rows(sqlite_town, case)[0]["order_no"] is None


@pytest.mark.parametrize("user", ["sanitation.clerk", "dongtang-centre.duty", "shiban-1.worker", "admin"])
def test_nobody_else_may_add(sqlite_town: Town, tmp_path: Path, user: str) -> None:
    case = at_work(sqlite_town)
    with refused("not_yours_to_attach"):
        put(sqlite_town, case, user, kept(tmp_path))
    assert rows(sqlite_town, case) == []


def test_a_sensitive_case_takes_files_from_its_readers_only(sqlite_town: Town, tmp_path: Path) -> None:
    case = reported(sqlite_town, body="楼上家暴，孩子在哭")
    with refused("restricted"):
        put(sqlite_town, case, "chenguang-1.worker", kept(tmp_path), stage="other")
    assert put(sqlite_town, case, "centre.duty", kept(tmp_path), stage="other") == [1]


def test_what_cannot_be_added_is_refused(sqlite_town: Town, tmp_path: Path) -> None:
    town, case, piece = sqlite_town, at_work(sqlite_town), kept(tmp_path)
    for code, more in (
        ("unknown_attachment_stage", {"stage": "later"}),
        ("no_such_order", {"order_no": 9}),
        ("text_too_long", {"note": "长" * 1001}),
    ):
        with refused(code):
            put(town, case, "water.clerk", piece, **more)
    with refused("no_files"):
        put(town, case, "water.clerk")
    with refused("unknown_case"):
        put(town, 999, "water.clerk", piece)
    assert rows(town, case) == []


def test_after_the_end_only_papers_come_in(sqlite_town: Town, tmp_path: Path) -> None:
    town, case = sqlite_town, reported(sqlite_town, body="想问问这个事情归谁")
    town.turn()
    town.act(case, "decline", "centre.duty", reason="不是本区的事")
    with refused("attached_too_late"):
        put(town, case, "centre.duty", kept(tmp_path))
    assert put(town, case, "centre.duty", kept(tmp_path), stage="paper") == [1]
