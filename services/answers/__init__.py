"""Answering without a login: short codes in SMS and links in e-mail and IM, each good for one matter of one person."""

from services.answers.acting import Said, answer
from services.answers.keys import Key
from services.answers.minting import mint
from services.answers.opening import Matter, opened
from services.answers.working import Task, Work, do, work_of

__all__ = ["Key", "Matter", "Said", "Task", "Work", "answer", "do", "mint", "opened", "work_of"]
