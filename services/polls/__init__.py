"""Polls with split funding (线上征集 + 线下座谈): opened, answered, counted, decided; what their moves do is in services/moves/affairs."""

from services.polls.asking import Poll, PollResult, answer, open_poll, poll_result

__all__ = ["Poll", "PollResult", "answer", "open_poll", "poll_result"]
