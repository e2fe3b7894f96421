import re
from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.project import Project, TikTokConnection, XConnection, load_project, plain

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def example() -> Project:
    return load_project(REPOSITORY / "config.example.yaml", {"X_PIXEL_TOKEN": "t0ken"})


def test_the_example_loads(example: Project) -> None:
    connection = example.config.connections["x"]
    assert isinstance(connection, XConnection)
    assert (connection.live, connection.target) == (False, "x")
    assert connection.auth.pixel_token is not None
    assert connection.auth.pixel_token.get_secret_value() == "t0ken"
    assert list(example.mappings) == ["purchases", "signups"]
    assert example.root == REPOSITORY
    assert example.config.budgets is None


def test_the_example_with_its_other_ways_loads(tmp_path: Path) -> None:
    text = (REPOSITORY / "config.example.yaml").read_text()
    text = text.replace("      pixel_token: ${", "      # pixel_token: ${")
    for key in ("stored", "client_id", "client_secret"):
        text = text.replace(f"      # {key}: ", f"      {key}: ")
    text = re.sub(r"(?m)^  # (?=tiktok:|  )", "  ", text)
    (tmp_path / "config.yaml").write_text(text)
    (tmp_path / "mappings").mkdir()
    names = ("X_ADS_CLIENT_ID", "X_ADS_CLIENT_SECRET", "TIKTOK_ACCESS_TOKEN")
    project = load_project(tmp_path / "config.yaml", dict.fromkeys(names, "made-up"))
    x, tiktok = project.config.connections["x"], project.config.connections["tiktok"]
    assert isinstance(x, XConnection)
    assert x.auth.stored
    assert isinstance(tiktok, TikTokConnection)
    assert (tiktok.target, tiktok.advertiser_id) == ("tiktok", "7001234567890123456")


def test_the_example_may_be_made_live_by_a_variable() -> None:
    environment = {"X_PIXEL_TOKEN": "t0ken", "X_ADS_LIVE_MODE": "true"}
    project = load_project(REPOSITORY / "config.example.yaml", environment)
    assert project.config.connections["x"].live is True


def test_the_example_needs_its_token() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_project(REPOSITORY / "config.example.yaml", {})
    [problem] = caught.value.problems
    assert problem.message == "the environment variable X_PIXEL_TOKEN is not set"
    assert problem.line is not None
    line = (REPOSITORY / "config.example.yaml").read_text().splitlines()[problem.line - 1]
    assert "${X_PIXEL_TOKEN}" in line


def test_the_example_of_purchases_maps_the_columns_of_orders(example: Project) -> None:
    purchases = example.mappings["purchases"]
    columns = {
        expression.text
        for place, expression in purchases.expressions().items()
        if expression.kind == "column" and not place.startswith("contents.fields")
    }
    orders = "order_id paid_at email phone country_code click_id ip user_agent currency quantity"
    assert columns == {*orders.split(), "note", "landing_page", "ads_consent", "items"}
    assert purchases.fields.value is not None
    assert purchases.fields.value.text == "amount_cents / 100"
    assert [test.name for test in purchases.tests] == [
        "a paid order is sent",
        "an order of nobody is not sent",
        "an order without consent is not sent",
    ]
    assert plain(purchases.tests[0].given)["order_id"] == 7  # type: ignore[index]


def test_the_example_of_signups_reads_a_table_by_its_cursor(example: Project) -> None:
    signups = example.mappings["signups"]
    assert (signups.source.table, signups.source.cursor) == ("signups", "updated_at")
    assert signups.destination.event_id.text == "tw-o8z6j-o87nf"
    assert signups.fields.value is None
    assert signups.consent is not None
    assert [value.resolved for value in signups.consent.granted] == [True]
