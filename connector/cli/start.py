"""The commands to begin with: init, demo, simulator."""

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.terminal import Terminal
from connector.errors import ConfigurationError, Exit


def init(
    terminal: Terminal,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", show_default=False)] = Path(),
) -> None:
    """Make a new project with its state."""
    from connector.scaffold import write_project

    made = write_project(folder)
    if terminal.json:
        terminal.document({"made": [str(path) for path in made]})
        return
    for path in made:
        terminal.line(f"made {path}")
    terminal.line("next: put your warehouse and ids into them, then `connector check`")


def demo(terminal: Terminal) -> Exit:
    """Run the main job on a made-up shop against the simulator, on this machine alone."""
    from connector.cli.demo import run

    return run(terminal)


def simulator(
    terminal: Terminal,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8490,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=SHARE", help="Such as timeout=0.1; may be repeated."),
    ] = None,
    refuse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=PATTERN",
            help="Conversions to refuse, such as conversion_id=bad-*; may be repeated.",
        ),
    ] = None,
    quote: Annotated[
        bool, typer.Option("--quote/--no-quote", help="Name the value that is refused.")
    ] = True,
    latency: Annotated[str, typer.Option(help="How long each answer takes.")] = "0s",
    seed: Annotated[int, typer.Option(help="Another account, other luck.")] = 0,
    events_per_window: Annotated[
        int, typer.Option(metavar="N", min=0, help="Conversions in 15 minutes; 0 for no limit.")
    ] = 60_000,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GROUP=CALLS",
            help="Other calls in a window, such as accounts=100; 0 for no limit; may be repeated.",
        ),
    ] = None,
    window_scale: Annotated[float, typer.Option(help="How long windows last, of X's 1.")] = 1.0,
    mode: Annotated[
        list[str] | None,
        typer.Option(metavar="MODE", help="Such as no_ads_access; may be repeated."),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE", help="Of the user; AD_MANAGER unless given."),
    ] = None,
    further_accounts: Annotated[
        int, typer.Option(metavar="N", min=0, help="Ad accounts beyond the first.")
    ] = 0,
    consent: Annotated[
        str, typer.Option(metavar="ask|allow|deny", help="What a consent page does.")
    ] = "ask",
    callback: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Registered beside port 8765; may be repeated."),
    ] = None,
    clock_skew: Annotated[
        float, typer.Option(metavar="SECONDS", help="How far its clock is ahead.")
    ] = 0.0,
    ads: Annotated[
        int, typer.Option(metavar="N", min=0, help="So many more ads in each ad account.")
    ] = 0,
    search_lag: Annotated[
        float, typer.Option(metavar="SECONDS", help="How late a search finds what is new.")
    ] = 0.0,
) -> None:
    """Run a local X Ads and TikTok on 127.0.0.1; the first line says how to reach it."""
    from connector.project import parse_duration
    from connector.simulator.faults import parse_faults
    from connector.simulator.poison import Poison, parse_patterns
    from connector.simulator.server import serve
    from connector.simulator.settings import Settings, parse_limits

    try:
        settings = Settings(
            port=port, faults=parse_faults(fault or []), seed=seed,
            latency_seconds=parse_duration(latency).total_seconds(),
            events_per_window=events_per_window or None,
            poison=Poison(patterns=parse_patterns(refuse or []), quoted=quote),
            limits=parse_limits(limit or []), window_scale=window_scale,
            modes=frozenset(mode or []), roles=tuple(role or ["AD_MANAGER"]),
            further_accounts=further_accounts, consent=consent,
            callbacks=tuple(callback or []), clock_skew_seconds=clock_skew,
            ads=ads, search_lag_seconds=search_lag,
        )  # fmt: skip
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    announce = terminal.document if terminal.json else (lambda facts: _announce(terminal, facts))
    try:
        serve(settings, announce=announce)
    except OSError as error:
        raise ConfigurationError(f"{error}; choose another port with --port") from None


def _announce(terminal: Terminal, facts: dict[str, object]) -> None:
    terminal.line(f"X Ads is simulated at {facts['url']}; Ctrl-C ends it. For config.yaml:")
    terminal.line(f"  base_url: {facts['url']}")
    terminal.line(f"  ad_account_id: {facts['ad_account_id']}")
    terminal.line(f"  auth: {{pixel_token: {facts['pixel_token']}}}")
    terminal.line("and for a mapping:")
    terminal.line(f"  pixel_id: {facts['pixel_id']}")
    terminal.line(f"  event_id: {facts['event_id']}")
    terminal.line(f"what arrived: {facts['url']}/_simulator/conversions")
