"""The numbers and names Bihuan starts with, as data files: what a district may change is data, not code."""

import csv
import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any


def _place(name: str) -> Traversable:
    return files(__name__).joinpath(*name.split("/"))


def read(name: str) -> dict[str, Any]:
    """Load one TOML seed file of the installed package, e.g. `read("categories.toml")` or `read("calendar/cn.toml")`."""
    return tomllib.loads(_place(name).read_text(encoding="utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    """Load one CSV seed file of the installed package as rows by column name, e.g. `rows("calendar/cn.csv")`."""
    return list(csv.DictReader(_place(name).read_text(encoding="utf-8").splitlines()))
