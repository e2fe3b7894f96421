"""What only the simulator tells of TikTok's ads."""

from decimal import Decimal

import requests
from advertiser import at_tiktok


def test_the_ads_come_to_the_advertiser() -> None:
    with at_tiktok() as desk:
        [whole] = desk.truth("2026-03-03", "2026-03-03")
        rows = desk.report(start_date="2026-03-03")["data"]["list"]
        ids = {row["dimensions"]["ad_id"] for row in rows}
        each = [desk.truth("2026-03-03", "2026-03-03", ad_id=id_)[0] for id_ in ids]
        spent = sum(Decimal(one["now"]["spend"]) for one in each)
        told = {row["dimensions"]["ad_id"]: row["metrics"]["spend"] for row in rows}
    assert spent == sum(map(Decimal, told.values())) <= Decimal(whole["now"]["spend"])
    assert sum(one["rows"] for one in each) == len(ids) <= whole["rows"]


def test_it_tells_how_the_days_are_counted() -> None:
    with at_tiktok(ads=3) as desk:
        query = {"advertiser_id": desk.id, "since": "2026-03-01", "until": "2026-03-02"}
        told = requests.get(f"{desk.address.url}/_simulator/tiktok", params=query, timeout=5).json()
    assert (told["timezone"], told["currency"], told["ads"]) == ("America/New_York", "USD", 21)
    assert [day["date"] for day in told["days"]] == ["2026-03-01", "2026-03-02"]


def test_what_is_missing_is_said() -> None:
    with at_tiktok() as desk:
        days = {"since": "2026-03-01", "until": "2026-03-02"}
        unknown, undated = {"advertiser_id": "7"} | days, {"advertiser_id": desk.id, "since": "x"}
        endless = {"advertiser_id": desk.id, "since": "9999-12-30", "until": "9999-12-31"}
        for query in ({}, unknown, undated, endless):
            answer = requests.get(f"{desk.address.url}/_simulator/tiktok", params=query, timeout=5)
            assert answer.status_code == 400
