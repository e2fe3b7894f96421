from shop import MAPPING, Shell

TESTS = """\
tests:
  - name: an old order is sent all the same
    given:
      {order_id: o-1, email: ada@example.com, paid_at: 2020-02-01T10:00:00Z, amount: 12.5,
       currency: eur}
    expect:
      conversion:
        conversion_time: 2020-02-01T10:00:00.000Z
        event_id: tw-o8z6j-o87ne
        identifiers:
          - hashed_email: b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72
        conversion_id: o-1
        value: "12.50"
        price_currency: EUR
  - name: nobody is nobody
    given: {order_id: o-2, paid_at: 2020-02-01T10:00:00Z}
    expect: {rejected: [missing_identifier]}
"""


def test_the_tests_of_a_mapping_pass_and_are_counted(shop: Shell) -> None:
    shop.write("mappings/purchases.yaml", MAPPING + TESTS)
    ended = shop.run("test")
    assert ended.code == 0, ended.out + ended.err
    assert "2 passed, 0 failed" in ended.out


def test_a_test_that_fails_says_what_differs(shop: Shell) -> None:
    shop.write("mappings/purchases.yaml", MAPPING + TESTS.replace('"12.50"', '"12.51"'))
    ended = shop.run("test")
    assert ended.code == 2
    assert 'value is "12.50", expected "12.51"' in ended.out
    assert "1 passed, 1 failed" in ended.out


def test_tests_run_without_the_warehouse_and_say_so(shop: Shell) -> None:
    shop.write("mappings/purchases.yaml", MAPPING + TESTS)
    (shop.folder / "shop.duckdb").unlink()
    ended = shop.run("test")
    assert ended.code == 0, ended.out + ended.err
    assert "without the warehouse's types" in ended.err


def test_a_value_that_does_not_fit_its_column_is_named_by_its_test(shop: Shell) -> None:
    shop.write("mappings/purchases.yaml", MAPPING + TESTS.replace("amount: 12.5", "amount: many"))
    ended = shop.run("test")
    assert ended.code == 2
    assert "an old order is sent all the same" in ended.err
    assert "many" not in ended.err


def test_a_column_the_source_lacks_is_named(shop: Shell) -> None:
    shop.write("mappings/purchases.yaml", MAPPING + TESTS.replace("currency: eur", "curency: eur"))
    ended = shop.run("test")
    assert ended.code == 2
    assert "has no column 'curency'" in ended.err


def test_columns_are_given_without_regard_to_case(shop: Shell) -> None:
    tests = TESTS.replace("order_id:", "Order_ID:").replace(" email:", " EMAIL:")
    shop.write("mappings/purchases.yaml", MAPPING + tests)
    ended = shop.run("test")
    assert ended.code == 0, ended.out + ended.err
    (shop.folder / "shop.duckdb").unlink()
    without = shop.run("test")
    assert without.code == 0, without.out + without.err


def test_the_shipped_mapping_passes_its_own_tests(empty: Shell) -> None:
    empty.run("init")
    ended = empty.run("test", environment={"X_PIXEL_TOKEN": "token-of-a-test"})
    assert ended.code == 0, ended.out + ended.err
    assert "3 passed, 0 failed" in ended.out
