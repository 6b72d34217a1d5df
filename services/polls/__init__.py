"""Polls with split funding (线上征集 + 线下座谈): opened, answered, counted, decided; what their moves do is in services/moves/affairs."""

from services.polls.asking import Poll, PollResult, answer, answer_online, open_poll, poll_result
from services.polls.board import Asked, chosen_by, open_polls

__all__ = ["Asked", "Poll", "PollResult", "answer", "answer_online", "chosen_by", "open_poll", "open_polls", "poll_result"]
