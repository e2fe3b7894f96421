"""`connector verify-dedup`: does X count a conversion once that it receives twice?"""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from connector.cli.attending import attended
from connector.cli.replay import agrees
from connector.cli.sync import not_live
from connector.cli.terminal import Reporter, Terminal
from connector.errors import ConfigurationError, Exit


def verify_dedup(
    terminal: Terminal,
    mapping: Annotated[str, typer.Argument(metavar="MAPPING", show_default=False)],
    pixel_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The pixel, if the mapping takes it from rows.")
    ] = None,
    event_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The event, if the mapping takes it from rows.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Exit:
    """Send one marked test conversion twice; X's reports tell the next day whether it counts once.

    It counts as one conversion at X, without a value.
    """
    from connector import api

    project = api.load(terminal.config)
    meant = api.named(project, mapping)
    test = api.dedup_probe(meant, pixel_id=pixel_id, event_id=event_id, now=datetime.now(UTC))
    place = f"event {test.event_id} of pixel {test.pixel_id}"
    rehearsing = not_live(project, [meant], otherwise="")
    if rehearsing:
        terminal.warn(rehearsing[0])
        _tell(terminal, test, None)
        return Exit.DONE if terminal.attended else Exit.CONFIGURATION
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            f"this counts one conversion for {place}, so nothing was sent: say --yes to agree to it"
        )

    question = f"Send {test.conversion_id} twice? It counts one conversion for {place}."
    if not yes and not agrees(question):
        terminal.line("nothing was sent")
        return Exit.DONE
    reporter = Reporter(terminal=terminal)
    with attended(terminal, reporter) as edges:
        verified = api.verify_dedup(project, meant, test, edges)
    _tell(terminal, test, verified)
    return Exit(verified.ending)


def _tell(terminal: Terminal, test: Any, verified: Any) -> None:  # noqa: ANN401 - imported lazily
    answers = [vars(answer) for answer in verified.answers] if verified else []
    state = verified.state if verified else "dry_run"
    if terminal.json:
        told = {name: getattr(test, name) for name in ("conversion_id", "pixel_id", "event_id")}
        at = {"conversion_time": test.at.isoformat(timespec="milliseconds")}
        terminal.document(told | at | {"state": state, "answers": answers})
        return
    if verified is None:
        terminal.line(f"would be sent twice: {json.dumps(json.loads(test.body))}")
        return
    terminal.line(f"{test.conversion_id}: {state}")
    for number, answer in enumerate(answers, 1):
        terminal.line(f"  answer {number}: {_answer(answer)}")
    for sentence in _WHAT_NEXT[state]:
        terminal.remark(sentence.format(**vars(test), time=f"{test.at:%Y-%m-%d %H:%M:%S} UTC"))


def _answer(answer: dict[str, Any]) -> str:
    words = [str(answer["status"] or "none")]
    if answer["processed"] is not None:
        words.append(f"conversions_processed {answer['processed']}")
    if answer["debug_id"]:
        words.append(f"debug_id {answer['debug_id']}")
    return ", ".join([*words, *([answer["reason"]] if answer["reason"] else [])])


_LOOK = (
    (
        "X says 'processed' to both, whether it counts one or both: only its reports tell. In 24"
        " hours look at event {event_id} of pixel {pixel_id} in X's Events Manager, or in a report"
        " by conversion: there should be exactly one more conversion at {time}"
    ),
    (
        "if there are two, X does not recognise what it is sent again: set `in_doubt: hold` in each"
        " mapping, so that nothing without a clear answer is sent a second time, and ask X's"
        " support with the debug_ids above"
    ),
    "`connector trace {conversion_id}` finds it here",
)
_WHAT_NEXT = {
    "accepted": _LOOK,
    "in_doubt": (
        "no answer was clear: X may have counted it, its deduplication is not tested; try again",
        _LOOK[-1],
    ),
    "refused": ("X refused it: nothing was counted; compare it with what a mapped row sends",),
    "not_sent": ("X did not take it: nothing was counted, and nothing is known of it here",),
}
