"""Recorded or plain: the same flows and tasks with Prefect's run records or without, decided at each call.

Prefect's own `flow.fn` is not enough, because tasks inside would still call the API. So our flows and tasks are plain functions
that know how to be recorded. Recording is switched on by `recording()`; a breaker switches it off while the API is away,
and the engine goes on.
Prefect is imported only when something is recorded: it takes a second or two.
"""

import functools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar, cast

import httpx

from clock import pause

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("bihuan.prefect")

_wanted: ContextVar[bool] = ContextVar("recording_wanted", default=False)
_run: ContextVar[str | None] = ContextVar("flow_run_id", default=None)  # empty: inside a flow of ours that is not recorded
_tags: ContextVar[tuple[str, ...]] = ContextVar("flow_run_tags", default=())
_REFUSED: Final = (401, 403)
TAGS_MAX: Final = 90  #: more become related resources of events, of which the server takes 100


@contextmanager
def recording(*, on: bool, tags: tuple[str, ...] = ()) -> Iterator[None]:
    """Everything inside is recorded in Prefect (or not), under these tags; one API client serves it all.

    To be entered in each thread that is to record: a client is never shared between threads.
    """
    token, tagged = _wanted.set(on), _tags.set(tags)
    try:
        with ExitStack() as stack:
            if on:
                stack.enter_context(_shared_client())
            yield
    finally:
        _wanted.reset(token)
        _tags.reset(tagged)


@contextmanager
def _shared_client() -> Iterator[None]:
    from prefect.context import SyncClientContext
    from prefect.settings import get_current_settings

    # a run in process ends with its process; waiting for the heartbeat's thread to notice would cost a second a run
    get_current_settings().flows.heartbeat_frequency = None
    try:
        context = SyncClientContext(httpx_settings={"transport": Patient(httpx.HTTPTransport())})
        context.__enter__()
    except Exception as problem:
        report_away(problem)
        yield
        return
    with ExitStack() as stack:
        stack.push(context)
        yield


class Patient(httpx.BaseTransport):
    """A transport that asks again when Prefect's server is busy.

    On SQLite it answers 503 within milliseconds when two of its own writers meet, and has room a moment later. Its client's own
    retries would wait two seconds and more, and as long when the server is gone; the engine must not wait for either.
    """

    WAITS_S: Final = (0.02, 0.05, 0.1, 0.2, 0.4)

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and for less than a second send again while the answer is 503."""
        response = self._inner.handle_request(request)
        for wait in self.WAITS_S:
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            response.close()
            pause(wait)
            response = self._inner.handle_request(request)
        return response

    def close(self) -> None:
        """Give the connections back."""
        self._inner.close()


class Breaker:
    """Open while Prefect is away, or answers but does not record: then everything runs plain.

    It closes after some good answers: one at first, twice as many each time when no run went well in between.
    """

    PATIENCE_MAX: Final = 32

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted, self._patience = 0, 1

    @property
    def is_open(self) -> bool:
        """Whether nothing is to be recorded now."""
        return self._wanted > 0

    def open(self) -> bool:
        """Something went wrong.

        Returns:
            Whether this opened it.
        """
        with self._lock:
            if self._wanted:
                return False
            self._wanted, self._patience = self._patience, min(2 * self._patience, self.PATIENCE_MAX)
            return True

    def answered(self) -> bool:
        """Prefect gave a good answer.

        Returns:
            Whether this closed it.
        """
        with self._lock:
            if not self._wanted:
                return False
            self._wanted -= 1
            return not self._wanted

    def went_well(self) -> None:
        """A run was recorded from beginning to end."""
        with self._lock:
            self._patience = 1


_breaker: Final = Breaker()


def report_away(problem: BaseException) -> None:
    """Open the breaker: until `report_back`, everything runs plain."""
    if not _breaker.open():
        return
    if isinstance(problem, httpx.HTTPStatusError) and problem.response.status_code in _REFUSED:
        log.error("Prefect refuses the user or password in BIHUAN_PREFECT_AUTH (%d); no run records", problem.response.status_code)
    else:
        log.warning("Prefect's API is away (%s); going on without run records", type(problem).__name__)


def report_back() -> None:
    """Note that Prefect's API answers, as it should; when it has done so for long enough, the breaker closes."""
    if _breaker.answered():
        log.warning("Prefect's API is back; runs are recorded again")


def is_away() -> bool:
    """Whether the breaker is open."""
    return _breaker.is_open


def run_id() -> str | None:
    """The flow run in which this is called; None when nothing is recorded."""
    return _run.get() or None


class _Outcome:
    """What became of a body that Prefect called for us."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.errors: list[BaseException] = []


_watching: ContextVar[_Outcome] = ContextVar("outcome_of_the_call")


def _watched(body: Callable[P, R]) -> Callable[P, R]:
    """The body, noting what became of it, so that it is never run twice because Prefect failed afterwards."""

    @functools.wraps(body)
    def watched(*args: P.args, **kwargs: P.kwargs) -> R:
        outcome = _watching.get()
        try:
            result = body(*args, **kwargs)
        except BaseException as problem:
            outcome.errors.append(problem)
            raise
        outcome.results.append(result)
        return result

    return watched


def _call(recorded: Callable[P, R], body: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call through Prefect; whatever goes wrong there, the body runs exactly once, and only what it raises itself is raised."""
    outcome = _Outcome()
    token = _watching.set(outcome)
    try:
        recorded(*args, **kwargs)
        _breaker.went_well()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:  # its signals are no Exceptions
        if not outcome.errors:
            report_away(problem)
    finally:
        _watching.reset(token)
    if outcome.errors:
        raise outcome.errors[0]
    return cast(R, outcome.results[0]) if outcome.results else body(*args, **kwargs)


def recorded_flow(name: str, run_name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a flow of ours: a run of its own when called from outside, a plain call inside another run.

    Args:
        name: What Prefect calls the flow.
        run_name: Name of a run, filled from the arguments, e.g. `{label}`.
    """

    def decorate(body: Callable[P, R]) -> Callable[P, R]:
        @functools.cache
        def made() -> Callable[P, R]:
            from prefect import Flow

            inside = _watched(_inside_run(body))
            return Flow(inside, name=name, flow_run_name=run_name, persist_result=False, validate_parameters=False, retries=0)

        @functools.wraps(body)
        def flow_of_ours(*args: P.args, **kwargs: P.kwargs) -> R:
            if not _wanted.get() or _run.get() is not None:
                return body(*args, **kwargs)
            if is_away():
                return _plainly(body)(*args, **kwargs)
            return _call(_tagged(made()), _plainly(body), *args, **kwargs)

        return flow_of_ours

    return decorate


@contextmanager
def tagged(*more: str) -> Iterator[None]:
    """Runs started inside carry these tags too."""
    token = _tags.set((*_tags.get(), *more))
    try:
        yield
    finally:
        _tags.reset(token)


def _tagged(recorded: Callable[P, R]) -> Callable[P, R]:
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        from prefect import tags

        with tags(*_tags.get()[:TAGS_MAX]):
            return recorded(*args, **kwargs)

    return call


def _plainly(body: Callable[P, R]) -> Callable[P, R]:
    """The body without a run: flows inside are part of it and get none either, even if Prefect is back in the middle."""

    @functools.wraps(body)
    def plain(*args: P.args, **kwargs: P.kwargs) -> R:
        token = _run.set("")
        try:
            return body(*args, **kwargs)
        finally:
            _run.reset(token)

    return plain


def _inside_run(body: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(body)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        from prefect.runtime import flow_run

        token = _run.set(str(flow_run.id))
        try:
            return body(*args, **kwargs)
        finally:
            _run.reset(token)

    return inside


def recorded_task(run_name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a task of ours: a task run inside a recorded flow run, a plain call elsewhere.

    Args:
        run_name: Name of a run, filled from the arguments, e.g. `accept × {count}`.
    """

    def decorate(body: Callable[P, R]) -> Callable[P, R]:
        @functools.cache
        def made() -> Callable[P, R]:
            from prefect import Task
            from prefect.cache_policies import NO_CACHE

            options: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False, "retries": 0}
            return Task(_watched(body), name=body.__name__, task_run_name=run_name, **options)

        @functools.wraps(body)
        def task_of_ours(*args: P.args, **kwargs: P.kwargs) -> R:
            if not _run.get() or is_away():
                return body(*args, **kwargs)
            return _call(made(), body, *args, **kwargs)

        return task_of_ours

    return decorate
