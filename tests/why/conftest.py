"""What tests of explanations look at: the clocks of a case, told line by line, and whether they add up."""

import pytest

from tests.support.explaining import LIGHT, at_work_on
from tests.support.town import Town


@pytest.fixture
def lit(town: Town) -> tuple[Town, int]:
    """A street light at work, with its lead and the property company."""
    return town, at_work_on(town, LIGHT)
