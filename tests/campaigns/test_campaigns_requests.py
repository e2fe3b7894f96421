import secrets
from dataclasses import replace

import pytest

from connector.campaigns.requests import (
    cut_remarks,
    digests_of,
    ids_of,
    params_of,
    rehearsed,
    told_request,
)
from connector.campaigns.writes import Write, checked_id, deleting, updating
from connector.errors import ConfigurationError

TOKEN = "c7f3x9qk2"
WRITE = Write(
    entity="campaign", verb="create",
    params={"name": "spring", "daily_budget_amount_local_micro": 25_500_000},
)  # fmt: skip


def test_a_request_is_told_as_it_is_sent() -> None:
    assert told_request(WRITE, TOKEN, account_id="4m9tq7w2bzc") == {
        "method": "POST", "path": "accounts/4m9tq7w2bzc/campaigns",
        "params": {"name": f"spring [{TOKEN}]", "daily_budget_amount_local_micro": "25500000"},
    }  # fmt: skip
    change = updating("line_item", "w6n4r", {"end_time": ""})
    told = told_request(change, None, account_id="a")
    assert (told["method"], told["path"]) == ("PUT", "accounts/a/line_items/w6n4r")
    assert told["params"] == {"end_time": ""}
    assert told_request(deleting("media", "13_1"), None, account_id="a")["method"] == "DELETE"


def test_the_same_command_has_the_same_digest_and_no_other_has() -> None:
    digest, intent = digests_of(WRITE)
    assert digest == intent
    again = replace(WRITE, params=dict(reversed(list(WRITE.params.items()))))
    assert digests_of(again) == (digest, intent)
    others = [
        replace(WRITE, params={**WRITE.params, "name": "autumn"}),
        replace(WRITE, entity="line_item"),
        replace(WRITE, verb="update", id="k2v8c"),
        replace(WRITE, verb="update", id="k2v8d"),
    ]
    assert len({digests_of(one)[0] for one in [WRITE, *others]}) == 5


def test_a_key_of_the_callers_own_stands_for_what_is_meant() -> None:
    keyed = replace(WRITE, key="order-7")
    other = replace(keyed, params={"name": "autumn"})
    assert digests_of(keyed)[1] == digests_of(other)[1] != digests_of(WRITE)[1]
    assert digests_of(keyed)[0] != digests_of(other)[0]


def test_a_name_that_was_cut_is_told() -> None:
    long = replace(WRITE, params={"name": "x" * 250})
    assert len(str(params_of(long, TOKEN)["name"])) == 255
    assert list(cut_remarks(long, TOKEN)) == [f"the name was cut to make room for [{TOKEN}]"]
    assert not list(cut_remarks(WRITE, TOKEN))
    assert not list(cut_remarks(long, None))


def test_a_rehearsal_answers_with_ids_that_no_command_takes() -> None:
    tweets = Write(
        entity="promoted_tweet", verb="create",
        params={"line_item_id": "w6n4r", "tweet_ids": ("1", "2")},
    )  # fmt: skip
    made_up = rehearsed(tweets, "a", random_bytes=secrets.token_bytes)
    assert (made_up.status, len(set(made_up.ids)), made_up.rows) == ("dry_run", 2, ())
    for id_ in made_up.ids:
        with pytest.raises(ConfigurationError, match="made up"):
            checked_id("promoted_tweet", id_)
    change = rehearsed(updating("campaign", "k2v8c", {"name": "x"}), "a", random_bytes=bytes)
    assert change.ids == ("k2v8c",)
    assert rehearsed(WRITE, "a", random_bytes=bytes).request["params"]["name"].endswith("]")


def test_rows_have_ids_or_keys() -> None:
    assert ids_of([{"id": "k2v8c"}, {"media_key": "13_1"}]) == ("k2v8c", "13_1")
