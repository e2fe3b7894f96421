"""A large tree is applied in one go, and changed in as few writes as there are changes."""

from campaigns_apply.office import Office

from connector.campaigns import telling


def test_twenty_campaigns_with_two_hundred_line_items_and_six_hundred_tweets(
    office: Office,
) -> None:
    text = office.text(campaigns=20, items=10, ads=3, criteria=1)
    plan, outcome = office.apply(text)
    assert outcome.error is None
    assert telling.counts(plan.difference) == {
        "create": 20 + 200 + 200 + 600, "update": 0, "delete": 0, "unmanaged": 0,
    }  # fmt: skip
    assert len(office.writes()) == 1 + 5 + 5 + 200
    again, nothing = office.apply(text)
    assert again.difference.changes == ()
    assert nothing.written == 0
    assert office.writes() == []
    items = office.bureau.named("line_items", "pots 7")
    changed = items[11]
    office.bureau.stranger.done(
        "PUT", f"line_items/{changed['id']}", bid_amount_local_micro=1_750_000
    )
    [change] = office.plan(text).difference.changes
    assert (change.kind, change.id) == ("update", changed["id"])
    assert [(one.known.name, one.before, one.after) for one in change.fields] == [
        ("bid_amount_local", 1_750_000, 1_500_000)
    ]
    assert office.bureau.twice() == {}
