"""Answers that seem clear and are not: each is looked after, and the journal has its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from campaigns.bureau import Bureau

from connector.api import writing
from connector.api.writing import Desk
from connector.campaigns import finding, writes
from connector.campaigns.fields import EntityName
from connector.errors import ConfigurationError, CredentialsError, UnreachableError
from connector.x.management import Call, Reply

Answer = Callable[[Callable[[], Reply]], Reply]
UNCLEAR = Reply(meaning="unclear", code="no answer", error=UnreachableError("no answer"))


def refused(code: str, status: int = 400) -> Reply:
    error = ConfigurationError(f"X Ads: {status} {code}")
    return Reply(meaning="refused", code=code, status=status, error=error)


@contextmanager
def answered(bureau: Bureau, entity: EntityName, *answers: Answer) -> Iterator[Desk]:
    """A desk whose sendings are answered so, each told how to send in truth."""
    left = list(answers)
    with bureau.managed() as manager, manager.writing() as desks:
        desk = desks(entity)

        def send(call: Call, in_time: Callable[[], bool]) -> Reply:
            return left.pop(0)(lambda: desk.send(call, in_time))

        yield replace(desk, send=send)


def lost(send: Callable[[], Reply]) -> Reply:
    send()
    return UNCLEAR


def test_fewer_rows_than_tweets_were_sent_are_no_clear_answer(bureau: Bureau) -> None:
    campaign = bureau.write(bureau.campaign()).id
    line_item = bureau.write(bureau.line_item(campaign)).id
    write = bureau.promotion(line_item, *bureau.tweets()[:3])

    def short(send: Callable[[], Reply]) -> Reply:
        reply = send()
        return replace(reply, rows=reply.rows[:1])

    with answered(bureau, "promoted_tweet", short) as desk:
        written = writing.carried_out(write, desk, tell=None)
    assert (written.status, len(written.ids)) == ("adopted", 3)
    assert len(bureau.stranger.rows("promoted_tweets", line_item_ids=line_item)) == 3
    entry = bureau.journal()[-1]
    assert (entry.state, entry.entity_ids) == ("adopted", written.ids)


def test_a_refusal_after_a_doubt_is_no_end_before_it_was_looked_for_well(bureau: Bureau) -> None:
    def arrives(seconds: float) -> None:
        bureau.pause(seconds)
        if len(bureau.waited) == 4:
            [entry] = bureau.journal()
            bureau.stranger.campaign(name=f"spring [{entry.token}]")

    answers: tuple[Answer, ...] = (lambda _: UNCLEAR, lambda _: refused("TOO_MANY_CAMPAIGNS"))
    with answered(bureau, "campaign", *answers) as desk:
        late = replace(desk, pause=arrives)
        written = writing.carried_out(bureau.campaign(), late, tell=None)
    assert written.status == "adopted"
    assert bureau.waited == list(finding.WAITS) * 2
    assert [row["id"] for row in bureau.named("campaigns", "spring")] == [written.id]
    assert [entry.state for entry in bureau.journal()] == ["adopted"]


@pytest.mark.parametrize(
    ("code", "is_gone"),
    [("CAMPAIGN_NOT_FOUND", True), ("NOT_FOUND", True), ("ROUTE_NOT_FOUND", False),
     ("no code", False)],
)  # fmt: skip
def test_a_deletion_is_done_when_x_says_that_the_thing_is_missing_and_no_other_404(
    bureau: Bureau, code: str, *, is_gone: bool
) -> None:
    campaign = bureau.write(bureau.campaign()).id
    answers: tuple[Answer, ...] = (lost, lambda _: refused(code, 404))
    with answered(bureau, "campaign", *answers) as desk:
        write = writes.deleting("campaign", campaign)
        if is_gone:
            assert writing.carried_out(write, desk, tell=None).status == "deleted"
        else:
            with pytest.raises(ConfigurationError):
                writing.carried_out(write, desk, tell=None)
    assert bureau.journal()[-1].state == ("done" if is_gone else "refused")


def test_a_token_that_is_refused_as_the_write_leaves_is_x_s_refusal(bureau: Bureau) -> None:
    def revoked(step: str) -> None:
        if step == "sent":
            stranger = bureau.stranger
            stranger.session.post(stranger.url("/1.1/oauth/invalidate_token.json"))

    bureau.telling.after = revoked
    with pytest.raises(CredentialsError):
        bureau.write(bureau.campaign())
    [entry] = bureau.journal()
    assert (entry.state, entry.reason) == ("refused", "UNAUTHORIZED_ACCESS")
