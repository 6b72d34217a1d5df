"""专项行动: plan → projects → lists, with targets, evidence, progress, money; a list is handed in and reported on as a whole."""

from services.campaigns.acting import Claim, Done, check, claim, finish, move, open_case, record, settle
from services.campaigns.opening import (
    Action,
    Campaign,
    Listed,
    Subsidy,
    add_tasks,
    open_campaign,
    open_listed,
    open_project,
    open_projects,
)
from services.campaigns.progress import Progress, progress, progress_of, projects
from services.campaigns.rows import done_of, done_of_table, lines_of, projects_of, target_of
from services.campaigns.templates import Template, templates

__all__ = [
    "Action",
    "Campaign",
    "Claim",
    "Done",
    "Listed",
    "Progress",
    "Subsidy",
    "Template",
    "add_tasks",
    "check",
    "claim",
    "done_of",
    "done_of_table",
    "finish",
    "lines_of",
    "move",
    "open_campaign",
    "open_case",
    "open_listed",
    "open_project",
    "open_projects",
    "progress",
    "progress_of",
    "projects",
    "projects_of",
    "record",
    "settle",
    "target_of",
    "templates",
]
