"""Policy files: limits, milestones and ladders as TOML or XLSX, read into plain values and written back (docs/policy.md)."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from seeds import read
from services.policy_files.sheets import read_sheets, write_xlsx
from services.policy_files.toml import read_toml, write_toml
from services.policy_files.values import PolicyFile, PolicyRefused, Spot, ladder_of, worded
from services.tables import SPREADSHEET

__all__ = ["PolicyFile", "PolicyRefused", "read_policy_file", "seeded_policy", "worded", "write_policy_file", "write_toml", "write_xlsx"]


def read_policy_file(path: Path) -> PolicyFile:
    """Read a policy file; what it is shows in its first bytes, not in its name.

    Only its form has been looked at then: what its codes and limits mean is what `PolicyFile.problems` looks at.

    Raises:
        PolicyRefused: it has not the form of a policy; names each place.
        TableRefused: it begins like a workbook, and is none.
        OSError: it cannot be opened.
    """
    data = path.read_bytes()
    return read_sheets(data, path.name) if data.startswith(SPREADSHEET) else read_toml(data, path.name)


def write_policy_file(path: Path, policy: PolicyFile) -> None:
    """Write a policy as a workbook if the name ends in .xlsx, else as TOML; a file of that name is replaced.

    Raises:
        OSError: it cannot be written.
    """
    if path.suffix.lower() == ".xlsx":
        path.write_bytes(write_xlsx(policy))
    else:
        path.write_text(write_toml(policy), encoding="utf-8")


def seeded_policy(path: Path | None = None) -> PolicyFile:
    """The policy that an empty database begins with: that of the file, else of the seeds; seeded ladders where the file has none.

    Raises:
        PolicyRefused: as `read_policy_file`.
    """
    policy = read_policy_file(path) if path else read_toml(files("seeds").joinpath("policy.toml").read_bytes(), "policy.toml")
    ladders = read("ladders.toml")
    if not policy.ladders:
        policy = replace(policy, ladders=tuple(ladder_of(raw, Spot([])) for raw in ladders["ladder"]))
    return policy if policy.clocks else replace(policy, clocks=ladders["clocks"], places={})
