import pytest

from connector.errors import ConfigurationError
from connector.metrics.rows import AD_COLUMNS
from connector.metrics.tables import WORDS, creation, refuse_another, tables_of

TABLES = tables_of("daily_ad_metrics")
GOOD = {column.name: WORDS[column.type] for column in AD_COLUMNS}


def test_what_is_written_stands_beside_the_table() -> None:
    tables = tables_of("ads.spend")
    assert [str(table.name) for table in tables.all()] == [
        "ads.spend", "ads.daily_ad_group_metrics", "ads.hourly_ad_metrics", "ads.spend_imports",
    ]  # fmt: skip
    assert str(tables.events) == "ads.spend_events"
    assert tables.ads.name.sql == '"ads"."spend"'
    assert TABLES.ads.name.sql == '"daily_ad_metrics"'


@pytest.mark.parametrize(
    "name",
    [
        "", "Daily", "a b", 'a"b', "a.b.c", ".a", "a.", "1a", "a" * 56, "daily_ad_group_metrics",
        "ads.hourly_ad_metrics",
    ],
)  # fmt: skip
def test_a_name_that_can_be_no_table_of_ads_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^metrics\.table must be a name"):
        tables_of(name)


def test_a_key_is_made_where_it_is_wanted() -> None:
    keyed, plain = creation(TABLES.ads, keyed=True), creation(TABLES.ads, keyed=False)
    assert "primary key (ad_platform, ad_account_id, date, ad_id)" in keyed
    assert "primary key" not in plain
    assert "primary key" not in creation(TABLES.imports, keyed=True)
    assert plain.startswith('create table "daily_ad_metrics" ("date" date not null, ')
    assert '"cost" decimal(18,6), ' in plain


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ("cost", "numeric"), ("cost", "numeric(38,6)"), ("cost", "DECIMAL(18,6)"),
        ("exchange_rate", "decimal(38,12)"), ("ad_id", "text"), ("ad_id", "character varying"),
        ("ad_id", "character varying(255)"), ("clicks", "HUGEINT"), ("clicks", "numeric"),
    ],
)  # fmt: skip
def test_a_type_that_takes_as_much_will_do(column: str, type_: str) -> None:
    refuse_another(TABLES.ads, GOOD | {column: type_, "of_their_own": "json"})


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ("cost", "double precision"), ("cost", "numeric(18,2)"), ("cost", "DECIMAL(10,6)"),
        ("exchange_rate", "numeric(18,6)"), ("clicks", "integer"), ("date", "timestamp"),
        ("imported_at", "timestamp without time zone"), ("utm_inferred", "integer"),
        ("ad_id", "bigint"),
    ],
)  # fmt: skip
def test_a_type_that_would_lose_something_is_said(column: str, type_: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        refuse_another(TABLES.ads, GOOD | {column: type_})
    told = f"the column {column} of the table daily_ad_metrics is {type_.lower()}, not "
    assert str(caught.value).startswith(told)


def test_a_missing_column_is_said_with_the_statement_that_adds_it() -> None:
    found = {name: type_ for name, type_ in GOOD.items() if name != "utm_term"}
    with pytest.raises(ConfigurationError) as caught:
        refuse_another(TABLES.ads, found)
    assert str(caught.value) == (
        "the table daily_ad_metrics has no column utm_term; add it (alter table daily_ad_metrics"
        " add column utm_term varchar), or name another table in metrics.table"
    )
