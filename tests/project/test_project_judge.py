from collections.abc import Callable

from connector.project.judge import renamed
from connector.project.tree import Mark, at, read_tree

Tell = Callable[..., list[str]]


TEN = """\
name: Purchases
enabled: yes
source:
  query: select 1
  lookback: 2 fortnights
destination:
  type: x_conversions
  pixel_id: O8Z6J
  event_id: o87ne
identifiers:
  email: email
  phone: {column: phone, region: XX}
fields:
  conversion_time: {column: paid_at, timezone: America/NewYork}
  conversion_id: order_id
  value: {colum: amount}
limits:
  max_rejected: 10
tests:
  - name: plain order
    expect: {rejected: []}
"""


def test_ten_mistakes_are_ten_sentences_each_at_its_line(faults_of: Tell) -> None:
    told = faults_of(name=TEN, source="", destination="", identifiers="", fields="")
    assert [line.split(" ", 1)[0] for line in told] == [
        "1:7",
        "2:10",
        "5:13",
        "5:13",
        "6:1",
        "8:13",
        "12:34",
        "14:48",
        "16:3",
        "16:11",
        "18:17",
        "20:5",
        "21:14",
    ]
    assert "'connection' is missing in destination" in told[4]
    assert "fields.value needs price_currency" in told[8]
    assert "'given' is missing in tests.0" in told[11]


def test_nothing_is_missing_because_its_key_is_misspelt(faults_of: Tell) -> None:
    told = faults_of(source="sorce: {table: orders}")
    assert len(told) == 1
    assert told[0].startswith("2:1 unknown key 'sorce'; did you mean 'source'?")


def test_what_is_wrong_below_a_misspelt_key_is_told_too(faults_of: Tell) -> None:
    told = faults_of(source="sorce:\n  tabel: 5\n  cursor: [a]\n")
    assert [line.partition(";")[0] for line in told] == [
        "2:1 unknown key 'sorce'",
        "3:3 unknown key 'tabel' in source",
        "3:10 source.table must be text",
        "4:3 source.cursor must be text",
    ]


def test_a_misspelt_key_beside_the_right_one_is_told_alone(faults_of: Tell) -> None:
    told = faults_of(source="source: {table: orders, tabel: 5}")
    assert [line.partition(";")[0] for line in told] == ["2:25 unknown key 'tabel' in source"]


def test_of_two_misspellings_of_one_key_each_is_told(faults_of: Tell) -> None:
    told = faults_of(source="source: {tabel: orders, tabl: 5}")
    assert [line.partition(";")[0] for line in told] == [
        "2:10 unknown key 'tabel' in source",
        "2:25 unknown key 'tabl' in source",
    ]


def test_a_key_misspelt_in_an_item_of_a_list_beside_the_right_one(faults_of: Tell) -> None:
    tests = "tests: [{name: a, nam: b, given: {}, expect: {conversion: {}}}]"
    told = faults_of(tests=tests)
    assert [line.partition(";")[0] for line in told] == ["6:19 unknown key 'nam' in tests.0"]


def test_what_is_wrong_as_yaml_is_told_once_with_the_rest(faults_of: Tell) -> None:
    told = faults_of(
        name="name: a\nname: b", tags="tags: !foo [x]", limits="limits: {max_age: !foo 3}"
    )
    assert told == [
        "2:1 this key stands here twice, first in line 1",
        "7:7 tags (!) are not known here",
        "8:19 tags (!) are not known here; text that begins with ! needs quotes",
    ]


def test_a_mistake_behind_an_alias_is_told_for_each_use_at_its_one_place(faults_of: Tell) -> None:
    told = faults_of(identifiers="identifiers: {email: &e {sql: ''}, twclid: *e}")
    assert [line.split(" ")[:2] for line in told] == [
        ["4:31", "identifiers.twclid.sql"],
        ["4:31", "identifiers.email.sql"],
    ]


def test_keys_take_another_name_and_keep_their_place() -> None:
    tree = read_tree(b"a:\n  b: [{c: 1}]\nd: !foo {e: 2}\n")
    other = renamed(tree, {("a",): "A", ("a", "b", "0", "c"): "C", ("d",): "D"})
    assert at(other.root, "A", "b", "0", "C") == "1"
    assert other.places.value(("A", "b", "0", "C")) == Mark(2, 11)
    assert other.places.key(("A",)) == Mark(1, 1)
    assert other.covers(("D", "e"))
    assert not other.covers(("d", "e"))
