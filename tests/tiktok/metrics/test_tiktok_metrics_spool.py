"""A spool of rows: a file that gives back what was written, from the first row on."""

from connector.tiktok.metrics.spool import spooled

COLUMNS = ("ad_id", "ad_name")
ODD = [
    {"ad_id": "1", "ad_name": 'a "b", c'},
    {"ad_id": "2", "ad_name": "line\r\nbreak\u2028"},
    {"ad_id": "3", "ad_name": "Gießkanne \U0001f331"},
]


def test_rows_come_back_as_they_were_and_again() -> None:
    with spooled(COLUMNS) as spool:
        spool.write(ODD)
        assert list(spool.rows()) == ODD
        assert list(spool.rows()) == ODD


def test_other_columns_are_left_out_and_missing_ones_are_dashes() -> None:
    with spooled(COLUMNS) as spool:
        spool.write([{"ad_id": "1", "spend": "2"}])
        assert list(spool.rows()) == [{"ad_id": "1", "ad_name": "-"}]


def test_what_was_written_since_a_mark_can_be_forgotten() -> None:
    with spooled(COLUMNS) as spool:
        spool.write(ODD[:1])
        end = spool.end()
        spool.write(ODD[1:])
        spool.cut(end)
        spool.write(ODD[2:])
        assert list(spool.rows()) == [ODD[0], ODD[2]]


def test_rows_may_be_added_after_some_were_read() -> None:
    with spooled(COLUMNS) as spool:
        spool.write(ODD[:2])
        assert next(spool.rows()) == ODD[0]
        spool.write(ODD[2:])
        assert list(spool.rows()) == ODD


def test_an_empty_spool_has_no_rows() -> None:
    with spooled(COLUMNS) as spool:
        assert list(spool.rows()) == []
        assert spool.end() == 0
