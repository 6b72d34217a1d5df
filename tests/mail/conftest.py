"""A mail server of our own, which says what a test tells it to."""

from collections.abc import Iterator

import pytest

from tests.support.post_office import Post, post_office


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office() as made:
        yield made
