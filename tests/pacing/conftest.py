"""What was measured, at the end."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How long the reads took, of the least that the limits allow."""
    for report in terminalreporter.stats.get("passed", []):
        for key, figures in report.user_properties:
            if key == "reads":
                name, seed, took, least, refused = figures
                terminalreporter.write_line(
                    f"reads, {name} (seed {seed}): {refused} refused, {took:,.0f} s,"
                    f" {took / least:.3f} of the least"
                )
