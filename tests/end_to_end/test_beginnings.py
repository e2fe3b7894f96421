from datetime import UTC, datetime, timedelta

from end_to_end.conftest import EITHER, Open

from connector import api

pytestmark = EITHER

OLD = "update orders set paid_at = paid_at - interval 3 days where number < 4"


def test_a_first_sync_with_history_stops_before_the_first_byte(shop: Open) -> None:
    opened = shop()
    opened.orders(12, OLD)
    summary = opened.sync()
    [mapping] = summary["mappings"]
    assert (summary["status"], summary["exit_code"]) == ("held", 4)
    assert mapping["reasons"]["pending"] == {"first_sync": 12}
    [message] = mapping["warnings"]
    assert "12 conversions, worth 66 EUR, 4 of them older than 48 hours, worth 6 EUR" in message
    assert opened.wire()["requests"] == 0
    assert opened.rows() == {"read": 12, "pending": 12}


def test_a_person_may_send_history(shop: Open) -> None:
    opened = shop()
    opened.orders(12, OLD)
    opened.sync()
    api.begin(api.load(str(opened.config)), "purchases", before=None, edges=opened.edges())
    assert opened.rows() == {"read": 12, "accepted": 12}


def test_a_person_may_take_history_as_sent(shop: Open) -> None:
    opened = shop()
    opened.orders(12, OLD)
    before = datetime.now(UTC) - timedelta(days=1)
    api.begin(api.load(str(opened.config)), "purchases", before=before, edges=opened.edges())
    [mapping] = opened.sync()["mappings"]
    assert mapping["reasons"]["deduplicated"] == {"begun_before": 4}
    assert mapping["rows"]["accepted"] == 8


def test_changed_keys_stop_before_the_first_byte(shop: Open) -> None:
    opened = shop()
    opened.rows()
    opened.mapping(conversion_id="number")
    summary = opened.sync()
    assert summary["exit_code"] == 4
    assert summary["mappings"][0]["reasons"]["pending"] == {"keys_changed": 12}
    assert opened.wire()["receipts"] == 12
    opened.mapping()
    assert opened.rows() == {"read": 12, "deduplicated": 12}


def test_an_integer_cursor_reads_what_is_new(shop: Open) -> None:
    opened = shop()
    opened.mapping(cursor="number")
    assert opened.rows() == {"read": 12, "accepted": 12}
    opened.orders(15)
    assert opened.rows() == {"read": 4, "accepted": 3, "deduplicated": 1}


def test_a_cursor_far_ahead_hides_nothing(shop: Open) -> None:
    opened = shop()
    ahead = "update orders set updated_at = '2099-01-01' where number = 3"
    opened.orders(12, ahead)
    assert opened.rows() == {"read": 12, "accepted": 12}
    opened.orders(14, ahead)
    assert opened.rows() == {"read": 14, "accepted": 2, "deduplicated": 12}


def test_rows_that_could_not_be_sent_are_read_again_beyond_the_overlap(shop: Open) -> None:
    opened = shop(events_per_window=0)
    assert opened.rows() == {"read": 12, "pending": 12}
    opened.skip(10 * 86_400)
    opened.shell.sql("update orders set paid_at = paid_at + interval 10 days")
    [mapping] = opened.sync()["mappings"]
    assert mapping["rows"]["read"] == 12


def test_a_full_event_id_is_the_short_one(shop: Open) -> None:
    opened = shop()
    opened.mapping(event="{column: event}")
    assert opened.rows() == {"read": 12, "accepted": 12}
    full = "update orders set event = 'tw-o8z6j-o87ne', updated_at = now() where number < 6"
    opened.shell.sql(full)
    assert opened.rows() == {"read": 12, "deduplicated": 12}


def test_rows_of_one_order_in_both_forms_of_the_event_are_one_conversion(shop: Open) -> None:
    opened = shop()
    opened.mapping(event="{column: event}")
    again = "insert into orders select * replace ('tw-o8z6j-o87ne' as event) from orders"
    opened.shell.sql(again)
    [mapping] = opened.sync()["mappings"]
    assert mapping["rows"]["read"] == 24
    assert mapping["rows"]["accepted"] == 12
    assert opened.wire()["receipts"] == 12


def test_two_mappings_of_one_event_send_each_order_once(shop: Open) -> None:
    opened = shop()
    opened.mapping("copies")
    summary = opened.sync()
    assert summary["exit_code"] == 0
    first, second = summary["mappings"]
    assert first["rows"]["accepted"] == 12
    assert second["reasons"]["deduplicated"] == {"accepted_by_other_mapping": 12}
    assert opened.wire()["receipts"] == 12
