from datetime import timedelta

from end_to_end.conftest import Open, Shop

from connector import api
from connector.state import database
from connector.state.place import place_of

YEAR_MS = 365 * 86_400_000


def age(shop: Shop) -> None:
    """Make all that was settled look a year older."""
    with (
        database.opened(place_of(shop.shell.state, shop.shell.folder)) as state,
        state.write() as connection,
    ):
        connection.execute("update batches set settled_at = settled_at - ?", (YEAR_MS,))


def test_what_is_old_is_forgotten_while_a_sync_runs(shop: Open) -> None:
    opened = shop(2000, latency_seconds=0.3)
    opened.rows()
    age(opened)
    opened.orders(2000, "update orders set order_id = 'new-' || number")
    with opened.process() as process:
        opened.until("receipts", 2500, process)
        pruned = api.prune(
            api.load(str(opened.config)), older_than=timedelta(days=180), strangers=False,
            edges=api.Edges(),
        )  # fmt: skip
        assert process.poll() is None
        assert process.wait() == 0
    assert pruned.conversions == 2000
    assert {one.partition("-")[0] for one in opened.accepted()} == {"new"}
    assert opened.rows() == {"read": 2000, "deduplicated": 2000}
    assert opened.wire()["receipts"] == 4000
