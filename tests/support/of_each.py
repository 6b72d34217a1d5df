"""One test over many values, where a test for each would cost more than what it looks at."""

from collections.abc import Callable, Iterable
from functools import update_wrapper
from itertools import product
from typing import Any


def of_each(**values: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Look at every combination of these values in one test; it goes on after what fails, and tells all of it, each with its values."""
    combinations = [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]
    assert combinations, values

    def over_all(test: Callable[..., None]) -> Callable[[], None]:
        def whole() -> None:
            failed = []
            for given in combinations:
                try:
                    test(**given)
                except Exception as problem:
                    problem.add_note(f"of {given}")
                    failed.append(problem)
            if failed:
                raise ExceptionGroup(f"of {len(combinations)}, {len(failed)} fail", failed)

        update_wrapper(whole, test)
        del whole.__wrapped__  # type: ignore[attr-defined] # pytest would ask for the test's own arguments
        return whole

    return over_all
