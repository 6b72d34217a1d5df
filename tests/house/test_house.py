"""The house: what is installed is whole, what is locked is in step, and nothing of one machine stands in a tracked file."""

import os
import re
import stat
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = tuple(name.rstrip("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"])
#: In a package's folder, but of no use once installed.
LEFT_OUT = re.compile(r"\.md$|/Dockerfile$")
#: What must stand in no tracked file.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?:^|[^a-zA-Z.])/(?:work|farm|root|home/\w+)/"),
    "the address of a package index": re.compile(r"https?://[^\s\"']+/simple\b|--(?:extra-)?index-url[ =]\S|--find-links[ =]\S"),
    "a download address": re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/|\"resolved\": *\"http"),
    "something left for later": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b"),
}


@cache
def tracked() -> tuple[str, ...]:
    """Files of the checkout that are tracked, or will be once added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    return tuple(sorted({name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()}))


@cache
def text_of(name: str) -> str | None:
    """A tracked file's text; None for what is not text."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a clean copy of what is tracked, without any index."""
    home = tmp_path_factory.mktemp("house")
    copy = home / "copy"
    for name in tracked():
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel"]
    built = subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(home), str(copy)], check=False, capture_output=True
    )
    assert built.returncode == 0, built.stderr.decode()
    (found,) = home.glob("bihuan-*.whl")
    return found


def test_everything_that_belongs_to_a_package_is_installed(wheel: Path) -> None:
    there = set(zipfile.ZipFile(wheel).namelist())
    modules = {f"{name}.py" for name in PROJECT["tool"]["setuptools"]["py-modules"]}
    wanted = {name for name in tracked() if name.partition("/")[0] in PACKAGES and not LEFT_OUT.search(name)} | modules
    assert wanted - there == set()


def test_nothing_else_is_installed(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    modules = {f"{name}.py" for name in PROJECT["tool"]["setuptools"]["py-modules"]}
    assert {top for top in tops if not top.endswith(".dist-info")} <= {*PACKAGES, *modules}


def test_the_installed_program_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BIHUAN_")} | {"PYTHONPATH": str(site)}
    environment |= {"BIHUAN_DATA_DIR": str(tmp_path / "data"), "BIHUAN_PREFECT": "off"}
    for command in (["--help"], ["db", "upgrade"], ["db", "seed"], ["submit", "--body", "路灯不亮"]):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cli", *command],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr.decode())
    where = subprocess.run(
        [sys.executable, "-P", "-c", "import cli; print(cli.__file__)"], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert where.stdout.decode().strip() == str(site / "cli.py")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    found = [
        f"{name}:{number}"
        for name in tracked()
        for number, line in enumerate((text_of(name) or "").splitlines(), start=1)
        if FORBIDDEN[what].search(line) and name != "LICENSE"
    ]
    assert found == []


def pins(lock: str) -> dict[str, tuple[Version, int]]:
    """What a lock pins: name → version and the number of its hashes."""
    found: dict[str, tuple[Version, int]] = {}
    for entry in (text_of(lock) or "").replace("\\\n", " ").splitlines():
        if entry and not entry.startswith("#"):
            requirement, _, hashes = entry.partition(" --hash=")
            parsed = Requirement(requirement.strip())
            (version,) = parsed.specifier
            assert version.operator == "==", entry
            found[canonicalize_name(parsed.name)] = (Version(version.version), 1 + hashes.count("--hash=") if hashes else 0)
    return found


def unmet(requirements: list[str], lock: str) -> list[str]:
    pinned = pins(lock)
    parsed = [Requirement(r) for r in requirements]
    return [str(r) for r in parsed if (name := canonicalize_name(r.name)) not in pinned or pinned[name][0] not in r.specifier]


def test_locks_are_in_step_with_the_project() -> None:
    runtime, dev = PROJECT["project"]["dependencies"], PROJECT["project"]["optional-dependencies"]["dev"]
    assert unmet([*runtime, *PROJECT["build-system"]["requires"]], "requirements.lock") == []
    assert unmet([*runtime, *dev], "requirements-dev.lock") == []


def test_locks_agree_with_each_other_and_carry_hashes() -> None:
    runtime, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: pin for name, pin in runtime.items() if dev.get(name) != pin} == {}
    assert [name for name, (_, hashes) in dev.items() if not hashes] == []
    assert "://" not in (text_of("requirements.lock") or "") + (text_of("requirements-dev.lock") or "")


def test_a_wrong_python_gets_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python-too-old"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_text(text_of(name) or "", encoding="utf-8")
    done = subprocess.run(["make", "up", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode != 0
    sentence, *rest = done.stderr.decode().splitlines()
    assert "3.11" in sentence
    assert [line for line in rest if not line.startswith("make")] == []
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_what_people_run() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert re.findall(r"^make (\w+)", script.read_text(encoding="utf-8"), re.MULTILINE) == ["check", "test", "soak"]


def test_the_changelog_knows_this_version() -> None:
    assert f"## {PROJECT['project']['version']}" in (text_of("CHANGELOG.md") or "")
