"""What is shown of an address, and what never is."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels.bus import Channels
from notifications.channels.endpoint import read_endpoint
from notifications.channels.errors import BadUrl, NotSent, judged, tidied
from notifications.channels.schemes import SCHEMES
from notifications.channels.secrets import MASK, Secrets, masked_url
from notifications.outcome import Trouble
from tests.support.asking_channels import client, told
from tests.support.listening import Asked, http
from wording import LANGUAGES, say, sentences

ROOT = Path(__file__).parents[2]
SECRET = "s3cr&t:/?@#%+"


def test_secrets_are_filled_in_from_environment_and_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    known = Secrets({"BIHUAN_SECRET_ONE": "a/b", "BIHUAN_SECRET_TWO_FILE": str(file)})
    filled = read_endpoint(known.filled("mail://{secret:one}:{secret:TWO}@h/?from=a@b.cn"))
    assert (filled.user, filled.password, filled.host) == ("a/b", SECRET, "h")


@pytest.mark.parametrize(("environment", "code"), [({}, "no_secret"), ({"BIHUAN_SECRET_ONE_FILE": "/nowhere"}, "secret_unreadable")])
def test_a_secret_that_is_not_there_is_named(environment: dict[str, str], code: str) -> None:
    with pytest.raises(BadUrl) as bad:
        Secrets(environment).filled("mail://u:{secret:ONE}@h/")
    assert bad.value.code == code
    assert "BIHUAN_SECRET_ONE" in say(bad.value.key, "en", **bad.value.values)
    channels = Channels({"email": "mail://u:{secret:ONE}@h/?from=a@b.cn"}, secrets=Secrets(environment))
    assert channels.send(told("email")).trouble is Trouble.CREDENTIALS


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@pytest.mark.parametrize(
    "form",
    [
        "{s}://user:{x}@host:99/path?from=a",
        "{s}://{x}@host/",
        "{s}://host/?secret={x}&token={x}",
        "{s}://user:{x}@[::1/",
        "{s}://user:{x}@host:port/",
    ],
)
def test_no_address_shows_its_secret(scheme: str, form: str) -> None:
    raw = "Gk7" + "Zq2Wm9"
    if form == "{s}://{x}@host/" and scheme in ("mail", "mails"):
        return  # there it is the name of an account
    shown = masked_url(form.format(s=scheme, x=raw))
    assert raw not in shown
    assert MASK in shown
    assert shown.startswith(f"{scheme}://")


def test_an_address_shows_where_it_leads_and_which_secret_it_uses() -> None:
    assert masked_url("mail://wuzhi:pass@mx.example.cn:587/?from=a@b.cn&tls=starttls") == (
        "mail://wu****:****@mx.example.cn:587/?from=a@b.cn&tls=starttls"
    )
    assert masked_url("alisms://{secret:ID}:{secret:KEY}@dysmsapi.example.cn/?sign=x") == (
        "alisms://{secret:ID}:{secret:KEY}@dysmsapi.example.cn/?sign=x"
    )
    assert masked_url("gotify://host/token") == "gotify://****"
    assert masked_url("rubbish") == MASK
    assert masked_url("mail://mx.example.cn/?from=a@b.cn&tls=none") == "mail://mx.example.cn/?from=a@b.cn&tls=none"


@pytest.mark.parametrize("cut", ["/", "?", "#", "/?", "?#", "?from="])
@pytest.mark.parametrize("half", ["geheim", "12"])
@pytest.mark.parametrize("scheme", ["mail", "hook", "gwsms", "voice", "smsc", "alisms", "record"])
def test_a_password_that_is_not_percent_encoded_is_not_shown(scheme: str, half: str, cut: str) -> None:
    shown = masked_url(f"{scheme}://user:{half}{cut}Zq2Wm9@host.cn:25/path?from=a@b.cn")
    assert shown == f"{scheme}://{MASK}"
    assert "Zq2" not in masked_url(f"{scheme}://:s@host/p?Zq2Wm9")


@given(st.text(max_size=60))
def test_masking_stands_everything(text: str) -> None:
    masked_url(text)
    masked_url("mail://" + text)


@pytest.mark.parametrize("url", ["mail://u:pa/77@h/", "mail://u:pa?77=x@h/", "mail://u:pa/?x77=x@h/", "hook://:a:7777x@h/"])
def test_a_password_written_badly_is_not_told_by_the_error(url: str) -> None:
    channels = Channels({"x": url})
    said = " ".join([str(channels.send(told("x"))), *(say(f.key, "zh", **f.values) for f in channels.check("x"))])
    assert "77" not in said


def test_what_a_provider_says_is_kept_without_numbers_and_mailboxes() -> None:
    outcome = judged("E1", "bad number 13800138000\n to a.b@example.cn, +86 138 0013 8000 " + "x" * 300, {})
    assert "1380" not in outcome.words
    assert "@" not in outcome.words
    assert "\n" not in outcome.words
    assert len(outcome.words) == 200
    assert tidied("5.7.1 no") == "5.7.1 no"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_is_worded(lang: str) -> None:
    known = set(sentences(lang)["channel_check"])
    used = set()
    for file in (ROOT / "notifications").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if (
                id(node) not in parts
                and isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.startswith("channel_check.")
            ):
                used.add(node.value.partition(".")[2])
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "BadUrl" and isinstance(node.args[0], ast.Constant):
                used.add(node.args[0].value)
    assert used - {""} <= known


def test_the_page_of_channels_names_every_scheme() -> None:
    page = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
    missing = [code for code in SCHEMES if f"`{code}`" not in page and f"`{code.removesuffix('s')}(s)`" not in page]
    assert missing == []


@pytest.mark.parametrize("header", [{"X": "a\r\nY: b"}, {"X\n": "a"}, {"X": "文"}])
def test_a_header_cannot_break_out_of_its_line(header: dict[str, str]) -> None:
    with http() as server:
        with pytest.raises(NotSent, match="broken"):
            client(server.port).post("/", b"", header)
        client(server.port).post("/街 道\r\nX: y?z=1", b"", {"host": "of.their.own"})
        (asked,) = server.asked
        assert asked.path == "/%E8%A1%97%20%E9%81%93%0D%0AX:%20y?z=1"
        assert asked.headers["host"] == "of.their.own"


def test_a_host_is_named_with_its_port() -> None:
    with http() as server:
        client(server.port).get("/")
        assert server.asked[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_asked_is_kept_whole() -> None:
    with http() as server:
        client(server.port).post("/a?b=c", "文".encode(), {"X-Y": "z"})
        asked: Asked = server.asked[0]
        assert (asked.method, asked.path, asked.body.decode(), asked.headers["x-y"]) == ("POST", "/a?b=c", "文", "z")
