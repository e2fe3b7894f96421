"""How every command is made: the options all share, and what its end means for the shell."""

import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from connector.cli.terminal import Terminal, let_go
from connector.errors import ConnectorError, Exit

SHARED = {
    "config": Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="PATH",
            help="The config file; else CONNECTOR_CONFIG, ./config.yaml.",
        ),
    ],
    "as_json": Annotated[bool, typer.Option("--json", help="The result as JSON.")],
    "log_format": Annotated[
        Literal["text", "json"], typer.Option("--log-format", help="How stderr is written.")
    ],
    "verbose": Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")],
    "quiet": Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")],
}
_DEFAULTS: dict[str, Any] = {
    "config": None, "as_json": False, "log_format": "text", "verbose": False, "quiet": False,
}  # fmt: skip


def command(app: typer.Typer, name: str, panel: str | None = None) -> Callable[..., Any]:
    """Make a function a command; its first argument is the `Terminal`, its result the exit code."""

    def decorate(function: Callable[..., Exit | None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        shared = [
            inspect.Parameter(
                key, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[key], annotation=annotation
            )
            for key, annotation in SHARED.items()
        ]

        def run(**given: Any) -> None:  # noqa: ANN401 - whatever the command declares
            terminal = Terminal(
                config=given.pop("config"),
                json=given.pop("as_json"),
                log_json=given.pop("log_format") == "json",
                verbosity=given.pop("verbose") - given.pop("quiet"),
            )
            raise typer.Exit(_ending(terminal, lambda: function(terminal, **given)))

        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + shared
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        run.__doc__ = function.__doc__
        app.command(name, rich_help_panel=panel)(run)
        return run

    return decorate


def _ending(terminal: Terminal, run: Callable[[], Exit | None]) -> int:
    """The one place where an error becomes a sentence and an exit code."""
    try:
        return int(run() or Exit.DONE)
    except ConnectorError as error:
        terminal.error(str(error))
        return int(error.exit_code)
    except BrokenPipeError:
        return int(Exit.DONE)  # whoever read the result has left, and misses nothing
    except (KeyboardInterrupt, typer.Abort):  # the latter at a question of typer's
        terminal.error("stopped by the user")
        return int(Exit.UNFINISHED)
    except Exception as error:  # noqa: BLE001 - the last resort
        # The text of an unknown error may hold a row or a secret; its place holds neither.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        terminal.error(f"unexpected {type(error).__name__} at {place}; please report it")
        return int(Exit.UNEXPECTED)
    finally:
        let_go(sys.stdout)
        let_go(sys.stderr)
