from pathlib import Path

import pytest
from poisoned import Figures, Scenario, measured

from connector.simulator.poison import Poison

ROWS, BAD, CLEAN = 10_000, 10, 20
REQUESTS_FOR_EACH = 22  # 2,200 beyond the clean ones for 100 among 100,000


def told_of(figures: Figures, outcome: str) -> dict[str, int]:
    reasons: dict[str, int] = figures.mapping["reasons"][outcome]
    return reasons


@pytest.mark.parametrize(
    ("field", "pattern", "quoted", "most"),
    [
        ("conversion_id", "bad-*", True, 3 * BAD),
        ("conversion_id", "bad-*", False, REQUESTS_FOR_EACH * BAD),
        ("ip_address", "192.0.2.*", True, 3 * BAD),
        ("ip_address", "192.0.2.*", False, REQUESTS_FOR_EACH * BAD),
    ],
)
def test_few_poisoned_rows_cost_few_requests_and_the_healthy_ones_arrive(
    tmp_path: Path, field: str, pattern: str, *, quoted: bool, most: int
) -> None:
    poison = Poison(patterns={field: pattern}, quoted=quoted)
    figures = measured(tmp_path, Scenario(rows=ROWS, bad=BAD, poison=poison))
    assert figures.ended.code == 0, figures.ended.err
    assert figures.rows == {"read": ROWS, "accepted": ROWS - BAD, "refused": BAD}
    assert told_of(figures, "refused") == {f"INVALID_PARAMETER {field}": BAD}
    assert len(figures.arrived) == ROWS - BAD
    assert not any(one.startswith("bad-") for one in figures.arrived)
    assert figures.wire["requests"] == figures.mapping["requests"]["sent"]
    assert 0 < figures.wire["requests"] - CLEAN <= most
    assert "192.0.2.7" not in figures.ended.err + figures.ended.out


@pytest.mark.parametrize("quoted", [True, False])
def test_a_mapping_whose_every_row_is_refused_stops_early_as_configuration(
    tmp_path: Path, *, quoted: bool
) -> None:
    poison = Poison(patterns={"conversion_id": "bad-*"}, quoted=quoted)
    figures = measured(tmp_path, Scenario(rows=500, bad=500, poison=poison))
    assert figures.ended.code == 2
    assert figures.ended.json["status"] == "misconfigured"
    assert told_of(figures, "pending") == {"INVALID_PARAMETER conversion_id": 500}
    assert figures.wire["requests"] <= 40
    assert figures.wire["receipts"] == 0


@pytest.mark.parametrize(
    ("pixel", "event"), [("o8z6j", "tw-o8z6j-zzzzz"), ("zzzzz", "o87ne")], ids=["event", "pixel"]
)
def test_a_wrong_event_or_pixel_is_found_with_what_is_in_flight(
    tmp_path: Path, pixel: str, event: str
) -> None:
    figures = measured(tmp_path, Scenario(rows=5000, bad=0, pixel=pixel, event=event))
    assert figures.ended.code == 2
    assert figures.rows == {"read": 5000, "pending": 5000}
    assert figures.wire["requests"] <= 4
    assert figures.wire["receipts"] == 0
