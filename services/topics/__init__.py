"""Topics (未诉先办): the same category in the same place again and again is dealt with at the root, not case by case."""

from services.topics.acting import act, choose, close, take
from services.topics.easing import ease
from services.topics.finding import detect
from services.topics.reading import ENDED, STATES, topic_of, topics

__all__ = ["ENDED", "STATES", "act", "choose", "close", "detect", "ease", "take", "topic_of", "topics"]
