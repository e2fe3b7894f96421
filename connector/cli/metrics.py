"""The commands of ad metrics: import them, show their sums, hold them against the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import typer

from connector.cli.attending import attended
from connector.cli.terminal import Reporter, Terminal, pairs
from connector.errors import ConfigurationError, Exit

By = Literal["campaign", "ad_group", "ad", "utm_campaign", "day"]
_WIDTH = 100
_SHORTEST_NAME, _NAME = 12, 28
_WORTH_TELLING = Decimal("0.01")
_PLATFORMS = {"x": "X", "tiktok": "TikTok"}
_DASH = "-"


def import_metrics(
    terminal: Terminal,
    connections: Annotated[
        list[str] | None, typer.Argument(metavar="[CONNECTION]...", show_default=False)
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="The first day of the ad account to import.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The last one; yesterday at most.")
    ] = None,
    backfill: Annotated[
        str | None, typer.Option(metavar="365d", help="So many days up to the last one.")
    ] = None,
    hourly: Annotated[
        bool, typer.Option("--hourly", help="Hours of the last 7 days, too.")
    ] = False,
) -> Exit:
    """Import ad metrics of X and TikTok into the warehouse.

    Without dates the days since the last import, and those that the platforms may still revise.
    """
    from connector import api

    wanted = api.WantedMetrics(
        names=connections or (), since=_day("--since", since), until=_day("--until", until),
        backfill=_days(backfill), hourly=hourly,
    )  # fmt: skip
    project = api.load(terminal.config)
    reporter = Reporter(terminal=terminal, steps=api.IMPORT_STEPS)
    with attended(terminal, reporter) as edges:
        summary, code = api.import_metrics(project, wanted, edges)
    if terminal.json:
        terminal.document(summary)
        return code
    for entry in summary["imports"]:
        _show_import(terminal, entry, project.config.metrics.currency)
    if len(summary["imports"]) != 1:
        terminal.line(f"{summary['status']}: {len(summary['imports'])} connections")
    return code


def _day(option: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise ConfigurationError(f"{option} {text!r} is not a day; write 2026-03-31") from None


def _days(text: str | None) -> int | None:
    from connector.project import parse_duration

    if text is None:
        return None
    try:
        span = parse_duration(text)
    except ValueError:
        span = timedelta(seconds=1)
    if span % timedelta(days=1):
        raise ConfigurationError(f"--backfill {text!r} is no number of days; write 365d")
    return span.days


def _show_import(terminal: Terminal, entry: Mapping[str, Any], currency: str) -> None:
    days = f"{entry['since']} to {entry['until']}" if entry["since"] else "no days"
    terminal.line(
        f"{entry['connection']}: {entry['status']}, {days}: {entry['rows']:,} rows of"
        f" {entry['days']} days in {entry['duration_seconds']:.1f} s"
    )
    changed = entry["changed"]
    facts = {
        "cost": _costs(entry["cost"]) + _converted(entry, currency),
        "changed since it was last imported": f"{changed['rows']:,} rows"
        + (f", {_costs(changed['cost'])}" if changed["cost"] else ""),
        "final through": entry["final_through"],
        "requests": pairs(entry["requests"]),
    }
    shown = ["cost", "final through", "requests"] if not changed["rows"] else list(facts)
    for label in shown:
        if facts[label]:
            terminal.line(f"  {label}: {facts[label]}")
    for sentence in entry["warnings"]:
        terminal.remark(_plain(sentence))


def _costs(costs: Mapping[str, str]) -> str:
    return " + ".join(f"{Decimal(amount):,.2f} {code}" for code, amount in costs.items())


def _converted(entry: Mapping[str, Any], currency: str) -> str:
    if not entry["cost"] or list(entry["cost"]) == [currency]:
        return ""
    if entry["cost_converted"] is None:
        return f" (a rate to {currency} is missing)"
    return f" ({Decimal(entry['cost_converted']):,.2f} {currency})"


def show(
    terminal: Terminal,
    by: Annotated[By, typer.Option("--by", help="What makes a line.")] = "campaign",
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=3650, help="Up to yesterday.")
    ] = 28,
) -> None:
    """Show spend and what came of it, as the platforms attribute it."""
    from connector import api

    project = api.load(terminal.config)
    found = api.show_metrics(project, by=by, days=days, edges=api.Edges())
    if terminal.json:
        terminal.document(found)
        return
    if not found["lines"]:
        terminal.line(
            f"nothing was imported of {found['since']} to {found['until']}; `connector metrics"
            " import` does"
        )
        return
    _show_sums(terminal, found)


_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("spend", "spend", ",.2f"),
    ("impr.", "impressions", ",d"),
    ("clicks", "clicks", ",d"),
    ("CTR", "ctr", ".2%"),
    ("CPC", "cpc", ",.2f"),
    ("CPM", "cpm", ",.2f"),
    ("conv.*", "conversions", ",d"),
    ("value*", "value", ",.2f"),
    ("CPA*", "cost_per_acquisition", ",.2f"),
    ("ROAS*", "return_on_ad_spend", ".2f"),
)
"""Of a line: the head, the key of the document, and how its number is written."""


def _show_sums(terminal: Terminal, found: Mapping[str, Any]) -> None:
    lines, totals = found["lines"], found["totals"]
    currencies = {line["currency"] for line in (*lines, *totals)}
    platforms = [key for key in _PLATFORMS if key in {line["platform"] for line in lines}]
    shape = _Shape(in_one=len(currencies) == 1, platforms=len(platforms) > 1)
    money = f", in {totals[0]['currency']}" if shape.in_one else ""
    terminal.line(f"{found['since']} to {found['until']}, days of the ad accounts{money}")
    rows = [shape.cells(line["name"] or line["key"] or "(none)", line) for line in lines]
    rows += [shape.cells("total", line) for line in totals]
    _table(terminal, shape.head(found["by"].replace("_", " ")), rows)
    named = [_PLATFORMS[key] for key in platforms or _PLATFORMS]
    verb = "attributes" if len(named) == 1 else "attribute"
    terminal.line(f"* as {' and '.join(named)} {verb} them")
    _show_blended(terminal, totals[0], in_one=shape.in_one)
    spend = sum(Decimal(line["spend"] or 0) for line in lines)
    whole = Decimal(totals[0]["spend"] or 0)
    if shape.in_one and abs(spend - whole) > whole * _WORTH_TELLING:
        terminal.remark(
            f"the lines come to {spend:,.2f}: X tells the numbers of a tweet that is promoted twice"
            " for each of its ads; the total is that of the line items, which is right"
        )
    if found["unconverted"]:
        terminal.remark(
            f"{found['unconverted']:,} rows have money and no exchange rate, so that each currency"
            " stands for itself"
        )


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What a table of sums needs beside its numbers: the currency of a line, and its platform."""

    in_one: bool
    platforms: bool

    def head(self, by: str) -> list[str]:
        """The names of the columns."""
        return [by, *(["platform"] if self.platforms else []), *(name for name, _, _ in _COLUMNS)]

    def cells(self, name: str, line: Mapping[str, Any]) -> list[str]:
        """The cells of a line."""
        called = name if self.in_one else f"{line['currency']} {name}"
        platform = [_PLATFORMS.get(line["platform"], "")] if self.platforms else []
        return [called, *platform, *(_number(line[key], form) for _, key, form in _COLUMNS)]


def _show_blended(terminal: Terminal, total: Mapping[str, Any], *, in_one: bool) -> None:
    blended = total["blended"]
    cost = blended["cost_per_accepted"]
    told = f": {Decimal(cost):,.2f} {total['currency']} for each" if cost and in_one else ""
    terminal.line(
        f"total, blended: all {blended['accepted']:,} accepted conversions of the ledger against"
        f" all spend{told}"
    )


def _number(number: str | int | None, form: str) -> str:
    if number is None:
        return _DASH
    return format(Decimal(number) if isinstance(number, str) else number, form)


def _table(terminal: Terminal, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose numbers stand below each other; names are cut to what room is left."""
    columns = zip(head[1:], *(row[1:] for row in rows), strict=True)
    widths = [max(map(len, column)) for column in columns]
    gap = 2 if sum(widths) + 2 * len(widths) + _NAME <= _WIDTH else 1
    room = max(_WIDTH - sum(widths) - gap * len(widths), _SHORTEST_NAME)

    def placed(row: Sequence[str]) -> tuple[str, ...]:
        right = (text.rjust(width) for text, width in zip(row[1:], widths, strict=True))
        return (_cut(row[0], room), *right)

    terminal.table(placed(head), [placed(row) for row in rows], gap=gap)


def _cut(text: str, room: int) -> str:
    from rich.cells import cell_len, set_cell_size

    plain = _plain(text)
    return plain if cell_len(plain) <= room else f"{set_cell_size(plain, room - 1).rstrip()}…"


def _plain(text: str) -> str:
    """A text of a platform without what would move a terminal's cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def reconcile(
    terminal: Terminal,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=365, help="Up to yesterday.")
    ] = 14,
) -> None:
    """Hold the ledger's accepted conversions against what X attributes, by day and event."""
    from connector import api

    project = api.load(terminal.config)
    reporter = Reporter(terminal=terminal)
    with attended(terminal, reporter) as edges:
        found = api.reconcile_metrics(project, days=days, edges=edges)
    if terminal.json:
        terminal.document(found)
        return
    value = f"value {found['currency']}" if found["currency"] else "value"
    rows = [
        (one["day"] or "total", one["event"], *_reconciled(one))
        for one in (*found["days"], *found["totals"])
    ]
    if not rows:
        terminal.line(f"nothing of {found['since']} to {found['until']}, here or at X")
        return
    _table(terminal, ("day", "event", "accepted", "attributed by X", "share", value), rows)
    terminal.line("accepted: the ledger's, on the day they happened (UTC); attributed: on the ad's")


def _reconciled(one: Mapping[str, Any]) -> tuple[str, ...]:
    forms = (("accepted", ",d"), ("attributed", ",d"), ("share", ".1%"), ("value", ",.2f"))
    return tuple(_number(one[key], form) for key, form in forms)
