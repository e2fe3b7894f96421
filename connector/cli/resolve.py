"""`connector resolve`: a person's word on what is held or in doubt."""

import sys
from typing import Annotated, Any

import typer

from connector.cli.terminal import Terminal, pairs
from connector.errors import ConfigurationError, StoppedError

_MEANING = {
    "resend": "--resend: the next sync sends them again; what X already has may count twice",
    "assume_accepted": "--assume-accepted: they count as accepted and are never sent again; what X"
    " does not have is lost",
}


def resolve(
    terminal: Terminal,
    mapping: Annotated[str, typer.Argument(metavar="MAPPING", show_default=False)],
    resend: Annotated[bool, typer.Option("--resend", help="Send them again.")] = False,
    assume_accepted: Annotated[
        bool, typer.Option("--assume-accepted", help="Take them as accepted.")
    ] = False,
    conversion_id: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this conversion; may be repeated."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="T", help="Another target than the mapping's, as `status` names it."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Decide on conversions that are held or in doubt.

    Also for a mapping that was renamed or deleted.
    """
    from connector import api

    if resend == assume_accepted:
        raise ConfigurationError("say either --resend or --assume-accepted")
    project = api.load(terminal.config)
    ruling = api.Ruling(
        mapping=mapping, word="resend" if resend else "assume_accepted", target=target,
        conversion_ids=conversion_id or None,
    )  # fmt: skip
    beside = _limits_of_resending(api, project, mapping) if resend else []

    def agree(found: api.Undecided) -> None:
        if not yes:
            _ask(terminal, ruling, found, beside)

    found = api.resolve(project, ruling, agree=agree, edges=api.Edges())
    _tell(terminal, ruling, found, beside if yes else [])


def _limits_of_resending(api: Any, project: Any, name: str) -> list[str]:  # noqa: ANN401 - imported lazily
    """Which of the conversions no sync will send, whatever was said."""
    mapping = project.mappings.get(name)
    if mapping is None:
        elsewhere = (
            f"{name} is not in this project: a mapping that reads the same rows sends them at its"
            " next full reading, such as `connector sync MAPPING --full-refresh`"
        )
        return [elsewhere]
    age = api.written(mapping.limits.max_age)
    return [f"only rows that the query still reads and that are younger than {age} are sent"]


def _ask(terminal: Terminal, ruling: Any, found: Any, beside: list[str]) -> None:  # noqa: ANN401
    counted = [f"{ruling.mapping} → {target}: {pairs(each)}" for target, each in found.items()]
    if terminal.json or not (terminal.attended and sys.stdin.isatty()):
        raise ConfigurationError(
            f"{'; '.join(counted)}; {_MEANING[ruling.word]}. Say --yes to decide so"
        )
    for line in (*counted, _MEANING[ruling.word]):
        terminal.line(line)
    for sentence in beside:
        terminal.remark(sentence)
    if not typer.confirm("Decide so?"):
        raise StoppedError("nothing was decided")


def _tell(terminal: Terminal, ruling: Any, found: Any, beside: list[str]) -> None:  # noqa: ANN401
    if terminal.json:
        targets = [{"target": target, **each} for target, each in found.items()]
        resolved = sum(sum(each.values()) for each in found.values())
        terminal.document(
            {
                "mapping": ruling.mapping, "word": ruling.word, "conversions": resolved,
                "targets": targets, "remarks": beside,
            }
        )  # fmt: skip
        return
    after = "sent again by the next sync" if ruling.word == "resend" else "accepted from now on"
    for target, each in found.items():
        count = sum(each.values())
        known = f"{count:,} conversions ({pairs(each)}) are {after}"
        terminal.line(f"{ruling.mapping} → {target}: {known if count else 'nothing to decide'}")
    for sentence in beside:
        terminal.remark(sentence)
