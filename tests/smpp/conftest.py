"""What tests of SMPP hear."""

from collections.abc import Iterator

import pytest

from notifications.channels.bus import Channels
from tests.support.centre import Centre, centre
from tests.support.operators import bound


@pytest.fixture
def smsc() -> Iterator[Centre]:
    with centre() as made:
        yield made


@pytest.fixture
def channels(smsc: Centre) -> Iterator[Channels]:
    opened = bound(smsc)
    yield opened
    opened.close()
