"""Settings: derived values, secrets that stay secret, sentences for bad values, and a page that lists exactly what there is."""

import json
import logging
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.prefect_server import (
    SCALED_OUT,
    SERVER,
    client_environment,
    scaled_out_environment,
    server_environment,
)
from services.logs import about, set_up_logging
from settings import SECRETS, Settings, SettingsError, allowed, get_settings, load, variable

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("BIHUAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def quiet_root():
    """Take our log file off again, as other tests share the process."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def documented() -> dict[str, list[str]]:
    """Read the page's table: for each variable its cells, `variable, default, allowed, zh, en`."""
    lines = PAGE.read_text(encoding="utf-8").replace("\\|", "¦").splitlines()
    rows = [[cell.strip().replace("¦", "|") for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| `BIHUAN_")]
    return {row[0].split("`")[1]: row for row in rows}


def test_every_setting_is_on_the_page_and_nothing_else_is():
    assert list(documented()) == [variable(name) for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_page_tells_default_and_allowed_values_and_marks_secrets(name):
    heading, default, values, zh, en = documented()[variable(name)]
    field = Settings.model_fields[name]
    assert heading.endswith("🔒") == (name in SECRETS)
    assert values.strip("`") == allowed(name)
    assert field.description
    assert zh
    assert en
    if field.default_factory is None:
        text = json.dumps(field.default) if isinstance(field.default, bool | dict) else str(field.default)
        assert default.strip("`") == (f"./{text}" if name == "data_dir" else text)


def test_what_is_not_given_is_derived_from_the_data_folder(tmp_path):
    settings = load(data_dir="here")
    assert settings.database_url == f"sqlite:///{tmp_path}/here/bihuan.db"
    assert settings.prefect_database_url == f"sqlite+aiosqlite:///{tmp_path}/here/prefect/prefect.db"
    assert settings.key_file == tmp_path / "here" / "secret.key"
    assert settings.log_dir == tmp_path / "here" / "logs"
    assert settings.prefect_api_url == "http://127.0.0.1:4200/api"


@pytest.mark.parametrize("given", ["postgresql://u:p@db/x", "postgres://u:p@db/x", "postgresql+psycopg://u:p@db/x"])
def test_postgresql_gets_the_driver_each_side_needs(given):
    settings = load(database_url=given, prefect_database_url=given)
    assert settings.database_url == "postgresql+psycopg://u:p@db/x"
    assert settings.prefect_database_url == "postgresql+asyncpg://u:p@db/x"


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("BIHUAN_PORT", "")
    assert load().port == 8000


def test_settings_are_read_once_until_reset(monkeypatch):
    get_settings.reset()
    first = get_settings()
    monkeypatch.setenv("BIHUAN_PORT", "8123")
    assert get_settings() is first
    get_settings.reset()
    assert get_settings().port == 8123
    get_settings.reset()


def test_a_wildcard_address_is_called_by_loopback():
    assert load(prefect_host="0.0.0.0").prefect_api_url == "http://127.0.0.1:4200/api"


@pytest.mark.parametrize(
    ("given", "own"),
    [({}, True), ({"prefect": "off"}, False), ({"prefect_api_url": "http://prefect.example/api"}, False)],
)
def test_somebody_elses_prefect_is_not_started_again(given, own):
    assert load(**given).runs_own_prefect is own


def test_no_secret_shows_when_settings_are_printed():
    settings = load(
        token="hush-1",
        prefect_auth="admin:hush-2",
        database_url="postgresql://u:hush-3@db/x",
        prefect_database_url="postgresql://u:hush-4@db/x",
        channels={"sms": "json://hush-5"},
    )
    assert "hush" not in f"{settings!r} {settings}"


def test_secrets_are_read_from_files(monkeypatch, tmp_path):
    for name, text in {"token": "from-file\n", "channels": '{"sms": "record://"}', "prefect_auth": "a:b"}.items():
        (tmp_path / name).write_text(text)
        monkeypatch.setenv(f"BIHUAN_{name.upper()}_FILE", str(tmp_path / name))
    settings = load()
    assert (settings.token, settings.channels, settings.prefect_auth) == ("from-file", {"sms": "record://"}, "a:b")
    monkeypatch.setenv("BIHUAN_TOKEN", "from-variable")
    assert load().token == "from-variable"


def test_a_secret_file_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("BIHUAN_TOKEN_FILE", "/nowhere/token")
    with pytest.raises(SettingsError, match=r"BIHUAN_TOKEN_FILE.*/nowhere/token"):
        load()


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("port", "abc", "1–65535"),
        ("port", "70000", "1–65535"),
        ("lang", "fr", "zh | en"),
        ("prefect", "yes", "on | off"),
        ("demo", "perhaps", "true | false"),
        ("prefect_api_url", "prefect:4200", "http://…"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_bad_value_is_answered_by_one_sentence(monkeypatch, name, given, expected, lang):
    monkeypatch.setenv("BIHUAN_LANG", lang)
    monkeypatch.setenv(variable(name), given)
    with pytest.raises(SettingsError) as error:
        load()
    (sentence,) = str(error.value).splitlines()
    assert variable(name) in sentence
    assert given in sentence
    assert expected in sentence
    assert ("allowed" in sentence) == (os.environ["BIHUAN_LANG"] == "en")


@pytest.mark.parametrize(
    ("name", "given"), [("database_url", "mysql://u:hush@db/x"), ("channels", '{"sms": "json://hush"'), ("channels", '["hush"]')]
)
def test_a_bad_secret_is_not_repeated(monkeypatch, name, given):
    monkeypatch.setenv(variable(name), given)
    with pytest.raises(SettingsError) as error:
        load()
    assert variable(name) in str(error.value)
    assert "hush" not in str(error.value)


def test_a_misspelt_setting_given_by_hand_is_refused():
    with pytest.raises(SettingsError, match="BIHUAN_PROT"):
        load(prot=1)


def test_a_token_is_made_once_and_kept_for_the_owner_only(tmp_path):
    settings = load(data_dir=tmp_path)
    token = settings.intake_token()
    assert len(token) >= 24
    assert load(data_dir=tmp_path).intake_token() == token
    assert stat.S_IMODE(settings.token_file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["token"]
    assert load(data_dir=tmp_path, token="given").intake_token() == "given"


def test_every_prefect_setting_we_ship_exists_in_the_installed_prefect():
    from prefect.settings.legacy import _get_settings_fields
    from prefect.settings.models.root import Settings as PrefectSettings

    in_package_prefect_redis = {"PREFECT_REDIS_MESSAGING_HOST", "PREFECT_REDIS_MESSAGING_PORT"}
    shipped = SERVER.keys() | SCALED_OUT.keys() | client_environment(load(prefect_auth="a:b"), {}).keys()
    shipped |= server_environment(load(prefect_auth="a:b"), {}).keys()
    assert shipped - {"DO_NOT_TRACK"} - in_package_prefect_redis <= _get_settings_fields(PrefectSettings).keys()


def test_an_inherited_prefect_profile_does_not_leak():
    inherited = {"PATH": "/bin", "PREFECT_API_URL": "https://elsewhere", "PREFECT_PROFILE": "mine"}
    settings = load(prefect_auth="admin:secret")
    server = server_environment(settings, inherited)
    client = client_environment(settings, inherited)
    assert server["PATH"] == client["PATH"] == "/bin"
    assert "PREFECT_API_URL" not in server
    assert "PREFECT_PROFILE" not in server.keys() | client.keys()
    assert server["PREFECT_SERVER_API_AUTH_STRING"] == client["PREFECT_API_AUTH_STRING"] == "admin:secret"
    assert client["PREFECT_API_URL"] == settings.prefect_api_url
    assert scaled_out_environment(settings, "redis.example", {})["PREFECT_SERVER_DOCKET_URL"].startswith("redis://redis.example")


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", "http://127.0.0.1:4300/api"), ("::1", "http://[::1]:4300/api"), ("0.0.0.0", "/api")]
)
def test_prefects_pages_are_told_the_port_that_is_really_used(host, expected):
    environment = server_environment(load(prefect_host=host, prefect_port=4300), {})
    assert environment["PREFECT_UI_API_URL"] == expected


def test_a_log_line_carries_the_case_it_is_about(tmp_path, quiet_root):
    settings = load(data_dir=tmp_path)
    set_up_logging("engine", settings)
    set_up_logging("engine", settings)
    log = logging.getLogger("somewhere")
    with about("BH-20261119-0231"):
        log.info("dispatched")
        with about("BH-20261119-0232"):
            log.info("inner")
        log.info("two\nlines")
    log.debug("not asked for")
    log.info("turn over")
    lines = (settings.log_dir / "engine.log").read_text(encoding="utf-8").splitlines()
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"
    assert re.fullmatch(stamp + r" INFO engine \[BH-20261119-0231\] dispatched", lines[0])
    assert lines[1].endswith("INFO engine [BH-20261119-0232] inner")
    assert lines[2].endswith("[BH-20261119-0231] two")
    assert lines[3] == "    lines"
    assert re.fullmatch(stamp + " INFO engine turn over", lines[4])
    assert len(lines) == 5


def test_a_full_log_file_is_turned_over(tmp_path, quiet_root):
    settings = load(data_dir=tmp_path, log_max_mb=1, log_keep=1)
    set_up_logging("web", settings)
    for _ in range(25):
        logging.getLogger("somewhere").info("x" * 100_000)
    assert sorted(path.name for path in settings.log_dir.glob("web*")) == ["web.log", "web.log.1"]


WRITES = """
import logging, sys
from services.logs import set_up_logging
from settings import load
set_up_logging("web", load(data_dir=sys.argv[1], log_max_mb=1, log_keep=50))
for n in range(1500):
    logging.getLogger("somewhere").info("%s %s %s", sys.argv[2], n, "x" * 1000)
"""


def test_several_processes_write_one_file_and_lose_no_line_when_it_is_turned_over(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path), str(n)], cwd=ROOT) for n in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    files = sorted(tmp_path.glob("logs/web.log*"))
    lines = [line.split() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert {(line[3], line[4], line[5]) for line in lines} == {(str(w), str(n), "x" * 1000) for w in range(3) for n in range(1500)}
    assert len(lines) == 4500
    assert 4 < len(files) < 7
