"""What a driver says of an error, without the values it quotes: those are residents' words, and errors end up in logs and messages."""

from sqlalchemy import Engine, ExceptionContext, event


def without_values(problem: BaseException) -> None:
    """Keep only what PostgreSQL says first: its details quote whole rows, and a value that it could not read comes behind a colon."""
    primary = getattr(getattr(problem, "diag", None), "message_primary", None)
    if primary:
        problem.args = (primary.partition(': "')[0],)


def keep_values_out(engine: Engine) -> None:
    """See to it that no error of this engine quotes a value; parameters are hidden by `hide_parameters`."""

    @event.listens_for(engine, "handle_error")
    def shorten(context: ExceptionContext) -> None:
        original, ours = context.original_exception, context.sqlalchemy_exception
        before = str(original)
        without_values(original)
        if ours is not None:
            ours.args = tuple(a.replace(before, str(original)) if isinstance(a, str) else a for a in ours.args)
