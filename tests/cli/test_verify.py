import json

import pytest
from shop import MAPPING, Shell

from connector.simulator.server import running
from connector.simulator.settings import Settings

BY_ROW = MAPPING.replace("event_id: tw-o8z6j-o87ne", "event_id: {column: event}")


def test_a_made_up_conversion_is_sent_twice_and_kept(shop: Shell) -> None:
    ended = shop.run("verify-dedup", "purchases", "--yes", "--json")
    assert ended.code == 0, ended.err
    told = ended.json
    assert told["state"] == "accepted"
    assert [answer["status"] for answer in told["answers"]] == [200, 200]
    assert [answer["processed"] for answer in told["answers"]] == [1, 1]
    assert all(answer["debug_id"] for answer in told["answers"])
    [arrived] = shop.wire()["conversions"]
    assert (arrived["conversion_id"], arrived["receipts"]) == (told["conversion_id"], 2)
    assert told["conversion_id"].startswith("connector-verify-dedup-20")
    [traced] = shop.run("trace", told["conversion_id"], "--json").json["conversions"]
    assert (traced["state"], traced["mapping"]) == ("accepted", "purchases")


def test_it_says_where_to_look_and_what_to_do(shop: Shell) -> None:
    ended = shop.run("verify-dedup", "purchases", "--yes")
    said = " ".join(ended.out.split())
    for words in (
        "conversions_processed 1", "Events Manager", "exactly one more conversion", "24 hours",
        "in_doubt: hold", "connector trace connector-verify-dedup-",
    ):  # fmt: skip
        assert words in said


def test_a_sync_goes_on_as_before(shop: Shell) -> None:
    shop.run("verify-dedup", "purchases", "--yes")
    assert shop.run("sync", "--json").json["mappings"][0]["rows"]["accepted"] == 12
    assert shop.run("status").code == 0
    assert shop.run("runs").code == 0


def test_nobody_to_agree_means_that_nothing_is_sent(shop: Shell) -> None:
    ended = shop.run("verify-dedup", "purchases")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert shop.wire()["receipts"] == 0


def test_a_connection_that_is_not_live_shows_what_it_would_send(shop: Shell) -> None:
    shop.config(live=False)
    ended = shop.run("verify-dedup", "purchases", "--yes")
    assert ended.code == 2
    assert "is not live" in ended.err
    assert "--dry-run" not in ended.err, "it has no such option"
    assert '"event_id": "tw-o8z6j-o87ne"' in ended.out
    assert shop.wire()["receipts"] == 0


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "--event-id"), (("--event-id", "O87NE"), 2, "are none"),
        (("--event-id", "tw-other-o87ne"), 2, "are none"),
        (("--event-id", "zzzzz"), 2, ""), (("--event-id", "o87ne"), 0, ""),
    ],
)  # fmt: skip
def test_an_event_that_rows_name_has_to_be_said(
    shop: Shell, words: tuple[str, ...], code: int, sentence: str
) -> None:
    shop.write("mappings/purchases.yaml", BY_ROW)
    ended = shop.run("verify-dedup", "purchases", "--yes", *words)
    assert ended.code == code, ended.out + ended.err
    assert sentence in ended.err


def test_a_token_that_x_does_not_take_ends_with_5(shop: Shell) -> None:
    config = (shop.folder / "config.yaml").read_text()
    token = str(shop.address.describe()["pixel_token"])
    shop.write("config.yaml", config.replace(token, "another"))
    ended = shop.run("verify-dedup", "purchases", "--yes", "--json")
    assert (ended.code, ended.json["state"]) == (5, "not_sent")
    assert len(ended.json["answers"]) == 1
    one = ended.json["conversion_id"]
    assert shop.run("trace", one, "--json").json["conversions"] == []


def test_an_x_that_is_out_of_reach_ends_with_8(shop: Shell) -> None:
    with running(Settings()) as gone:
        shop.config(address=gone)
    ended = shop.run("verify-dedup", "purchases", "--yes", "--json")
    assert (ended.code, ended.json["state"]) == (8, "not_sent")
    assert ended.json["answers"][0]["status"] is None


def test_no_state_ends_with_2(empty: Shell) -> None:
    (empty.folder / "mappings").mkdir()
    empty.write("mappings/purchases.yaml", MAPPING)
    empty.config()
    ended = empty.run("verify-dedup", "purchases", "--yes")
    assert ended.code == 2
    assert "connector state init" in ended.err


def test_no_identifier_of_a_person_is_in_it(shop: Shell) -> None:
    shop.config(live=False)
    ended = shop.run("verify-dedup", "purchases", "--yes")
    body = json.loads(ended.out.partition("twice: ")[2])
    assert set(body) == {"conversion_time", "event_id", "identifiers", "conversion_id"}
    assert [list(one) for one in body["identifiers"]] == [["hashed_email"]]
