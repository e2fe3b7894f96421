"""`connector experiments …`: variants of a line item side by side."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from connector.cli.entities import CONNECTION, rehearsing
from connector.cli.terminal import Reporter, Terminal
from connector.errors import Exit
from connector.experiments.results import MEASURES, Measure

if TYPE_CHECKING:
    from connector.api import Edges
    from connector.experiments.outcome import Outcome

NAME = Annotated[
    str, typer.Argument(metavar="NAME", help="Of experiments/NAME.yaml.", show_default=False)
]
_HUNDRED = 100
_NOTES = (
    "Treatments are held against the control in the hours in which they were shown. Intervals are",
    "of 95 %, each by itself. Conversions are as X attributes them; late days may still change.",
)


def start(terminal: Terminal, name: NAME, connection: CONNECTION = None) -> Exit:
    """Make a line item for each variant; the control begins, treatments wait, paused."""
    from connector import api

    project = api.load(terminal.config)
    return _carry_out(
        terminal, lambda edges: api.start_experiment(project, connection, name, edges)
    )


def toggle(
    terminal: Terminal,
    name: NAME,
    variant: Annotated[str, typer.Argument(metavar="VARIANT", show_default=False)],
    to: Annotated[Literal["on", "off"], typer.Argument(metavar="on|off", show_default=False)],
    connection: CONNECTION = None,
) -> Exit:
    """Let a variant go on, or pause it."""
    from connector import api

    project = api.load(terminal.config)
    return _carry_out(
        terminal,
        lambda edges: api.toggle_variant(
            project, connection, name, edges, variant=variant, on=to == "on"
        ),
    )


def stop(terminal: Terminal, name: NAME, connection: CONNECTION = None) -> Exit:
    """Pause all variants."""
    from connector import api

    project = api.load(terminal.config)
    return _carry_out(terminal, lambda edges: api.stop_experiment(project, connection, name, edges))


def results(terminal: Terminal, name: NAME, connection: CONNECTION = None) -> None:
    """Show what each variant has come to, and whether it differs from the control."""
    from connector import api

    project = api.load(terminal.config)
    with _edges(terminal) as edges:
        found = api.experiment_results(project, connection, name, edges)
    if terminal.json:
        terminal.document(found)
        return
    currency = found["currency"] or ""
    span = f"{_minute(found['since'])} to {_minute(found['until'])} UTC"
    terminal.line(f"{name}: {span}, campaign {found['campaign_id']}, amounts in {currency}")
    _show_counts(terminal, found["variants"])
    terminal.line("")
    _show_rates(terminal, found["variants"])
    terminal.line("")
    _show_differences(terminal, found["variants"], currency)
    for sentence in _NOTES:
        terminal.line(sentence)
    for sentence in found["warnings"]:
        terminal.remark(sentence)


def _minute(moment: str) -> str:
    return moment.replace("T", " ")[:16]


_COUNTED = ("impressions", "clicks", "conversions")


def _show_counts(terminal: Terminal, variants: list[dict[str, Any]]) -> None:
    head = ("variant", "line item", "status", "hours", *_COUNTED, "spend")
    terminal.table(
        head,
        (
            (
                one["variant"], one["line_item_id"], (one["entity_status"] or "").lower(),
                *(_count(one[key]) for key in ("hours", *_COUNTED)),
                _amount(one["spend"]),
            )
            for one in variants
        ),
    )  # fmt: skip


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _amount(text: str | None) -> str:
    return "-" if text is None else f"{Decimal(text):,.2f}"


def _show_rates(terminal: Terminal, variants: list[dict[str, Any]]) -> None:
    rows = [
        (one["variant"], *(_interval(one[measure], _UNITS[measure]) for measure in MEASURES))
        for one in variants
    ]
    terminal.table(("variant", *MEASURES.values()), rows)


def _percent(text: str) -> str:
    return f"{Decimal(text) * _HUNDRED:.2f}"


def _units(text: str) -> str:
    return f"{Decimal(text):,.2f}"


def _points(text: str) -> str:
    return f"{Decimal(text) * _HUNDRED:.3f}"


_Shown = tuple[Callable[[str], str], str]
_UNITS: Mapping[Measure, _Shown] = {
    "ctr": (_percent, " %"), "conversion_rate": (_percent, " %"), "cpa": (_units, ""),
}  # fmt: skip
_DIFFERENCES: Mapping[Measure, _Shown] = {
    "ctr": (_points, "points"), "conversion_rate": (_points, "points"), "cpa": (_units, ""),
}  # fmt: skip


def _interval(one: Mapping[str, str] | None, shown: _Shown) -> str:
    if one is None:
        return "-"
    write, unit = shown
    return f"{write(one['value'])}{unit} ({write(one['low'])} to {write(one['high'])})"


def _show_differences(terminal: Terminal, variants: list[dict[str, Any]], currency: str) -> None:
    rows = [
        (
            one["variant"],
            MEASURES[measure],
            *_difference(one["against_control"][measure], measure, currency),
        )
        for one in variants
        if one["against_control"] is not None
        for measure in MEASURES
    ]
    terminal.table(("variant", "rate", "difference to control", "that is"), rows)


def _difference(beside: Mapping[str, Any], measure: Measure, currency: str) -> tuple[str, str]:
    if beside["difference"] is None:
        return "-", beside["words"]
    write, unit = _DIFFERENCES[measure]
    value, low, high = (_signed(write(beside[key])) for key in ("difference", "low", "high"))
    return f"{value} {unit or currency} ({low} to {high})", beside["words"]


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _edges(terminal: Terminal) -> AbstractContextManager["Edges"]:
    """Time and the user, whose first signal is obeyed between requests."""
    from connector import api
    from connector.cli.attending import attended

    steps = {**api.WRITE_STEPS, **api.EXPERIMENT_STEPS}
    return attended(terminal, Reporter(terminal=terminal, steps=steps))


def _carry_out(terminal: Terminal, work: Callable[["Edges"], "Outcome"]) -> Exit:
    with _edges(terminal) as edges:
        outcome = work(edges)
    if not outcome.live:
        terminal.warn(rehearsing(outcome.connection))
    for remark in outcome.remarks:
        terminal.warn(remark)
    if terminal.json:
        terminal.document(_document(outcome))
        return outcome.exit_code
    for request in outcome.requests:
        terminal.line(f"{request['method']} {request['path']}")
        for name, text in request["params"].items():
            terminal.line(f"  {name}={text}")
    terminal.line(f"{outcome.experiment}: {outcome.status.replace('_', ' ')}")
    rows = [
        (one.variant, one.line_item_id, one.status, (one.entity_status or "").lower())
        for one in outcome.variants
    ]
    terminal.table(("variant", "line item", "what became of it", "now"), rows)
    for one in outcome.variants:
        if one.error is not None:
            terminal.error(f"{one.variant}: {one.error}")
    if not outcome.live:
        terminal.warn(rehearsing(outcome.connection))
    return outcome.exit_code


def _document(outcome: "Outcome") -> dict[str, Any]:
    return {
        "experiment": outcome.experiment, "status": outcome.status,
        "exit_code": int(outcome.exit_code), "connection": outcome.connection,
        "live": outcome.live, "campaign_id": outcome.campaign_id,
        "variants": [
            {
                "variant": one.variant, "line_item_id": one.line_item_id, "status": one.status,
                "entity_status": one.entity_status, "error": one.error,
            }
            for one in outcome.variants
        ],
        "requests": outcome.requests, "remarks": outcome.remarks,
    }  # fmt: skip
