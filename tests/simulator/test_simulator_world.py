from connector.simulator.founding import Terms, make_world
from connector.simulator.world import describe, tags_of


def test_the_default_account_is_the_one_of_the_example_configuration() -> None:
    described = describe(make_world(), "http://127.0.0.1:8490")
    assert described["ad_account_id"] == "18ce54d4x5t"
    assert described["pixel_id"] == "o8z6j"
    assert described["event_id"] == "tw-o8z6j-o87ne"
    assert described["url"] == "http://127.0.0.1:8490"


def test_the_description_holds_what_a_client_needs_and_no_more() -> None:
    described = describe(make_world(), "http://127.0.0.1:1")
    oauth1 = described["oauth1"]
    assert isinstance(oauth1, dict)
    assert set(oauth1) == {"consumer_key", "consumer_secret", "token", "token_secret"}
    assert set(described) == {
        "url",
        "oauth1",
        "pixel_token",
        "ad_account_id",
        "pixel_id",
        "event_id",
        "client_id",
        "client_secret",
        "tiktok",
    }
    tiktok = described["tiktok"]
    assert isinstance(tiktok, dict)
    assert set(tiktok) == {"access_token", "advertiser_id", "app_id", "app_secret"}


def test_the_description_belongs_together() -> None:
    world = make_world(7)
    described = describe(world, "http://127.0.0.1:1")
    pixel = world.pixels[str(described["pixel_id"])]
    event = world.events[str(described["event_id"]).split("-")[-1]]
    oauth1 = described["oauth1"]
    assert isinstance(oauth1, dict)
    grant = world.grants[oauth1["token"]]
    assert (pixel.token, pixel.account_id) == (
        described["pixel_token"],
        described["ad_account_id"],
    )
    assert (event.pixel_id, event.full_id) == (pixel.id, described["event_id"])
    assert world.apps[grant.consumer_key].approved
    assert world.users[grant.user_id].roles == {pixel.account_id: ("AD_MANAGER",)}
    assert world.apps[grant.consumer_key].client_id == described["client_id"]
    assert world.apps[grant.consumer_key].client_secret == described["client_secret"]


def test_every_secret_begins_with_sim() -> None:
    world = make_world()
    secrets = [
        *(pixel.token for pixel in world.pixels.values()),
        *(text for app in world.apps.values() for text in (app.consumer_key, app.consumer_secret)),
        *(text for app in world.apps.values() for text in (app.client_id, app.client_secret)),
        *(app.secret for app in world.tiktok.apps.values()),
        world.tiktok.token,
        *(text for grant in world.grants.values() for text in (grant.token, grant.token_secret)),
    ]
    assert all(secret.startswith("sim-") for secret in secrets)
    assert len(set(secrets)) == len(secrets)


def test_no_secret_shows_in_a_repr() -> None:
    world = make_world()
    shown = "".join(
        repr(thing)
        for things in (world.pixels, world.apps, world.grants)
        for thing in things.values()
    )
    shown += repr(world.tiktok)
    assert world.tiktok.token not in shown
    assert not [app for app in world.tiktok.apps.values() if app.secret in shown]
    for pixel in world.pixels.values():
        assert pixel.token not in shown
    for grant in world.grants.values():
        assert grant.token_secret not in shown
        assert world.apps[grant.consumer_key].consumer_secret not in shown
        assert world.apps[grant.consumer_key].client_secret not in shown


def test_equal_seeds_make_equal_worlds_and_others_do_not() -> None:
    assert make_world(5) == make_world(5)
    assert not set(make_world(5).grants) & set(make_world(6).grants)
    assert not set(make_world(5).pixels) & set(make_world(6).pixels)
    assert not set(make_world(5).accounts) & set(make_world(6).accounts)


def test_the_account_has_two_pixels_with_three_events_and_one() -> None:
    world = make_world()
    own = [pixel for pixel in world.pixels.values() if pixel.account_id == "18ce54d4x5t"]
    assert own[0].id == "o8z6j"
    live = [event for event in world.events.values() if not event.deleted]
    by_pixel = [sum(event.pixel_id == pixel.id for event in live) for pixel in own]
    assert by_pixel == [3, 1]


def test_nobody_reaches_the_second_account() -> None:
    world = make_world()
    _, other = world.accounts
    assert all(other not in user.roles for user in world.users.values())
    assert any(pixel.account_id == other for pixel in world.pixels.values())


def test_tags_are_those_of_the_whole_account_and_of_no_other() -> None:
    world = make_world()
    first, second, foreign = world.pixels.values()
    tags = tags_of(world, first)
    assert tags.pixels == {first.id, second.id}
    assert len(tags.events) == 4
    assert not tags.events & tags_of(world, foreign).events


def test_a_deleted_event_is_no_tag() -> None:
    world = make_world()
    deleted = [event for event in world.events.values() if event.deleted]
    assert len(deleted) == 1
    tags = tags_of(world, next(iter(world.pixels.values())))
    assert not tags.events & {event.id for event in deleted}


def test_further_accounts_are_the_first_users_and_change_nothing_else() -> None:
    plain, larger = make_world(), make_world(terms=Terms(further_accounts=3))
    user, analyst, _ = larger.users.values()
    assert len(user.roles) == 4
    assert len(analyst.roles) == 1
    assert list(larger.accounts)[:2] == list(plain.accounts)
    assert list(larger.pixels) == list(plain.pixels)
    assert list(larger.events) == list(plain.events)
    assert len({account.id for account in larger.accounts.values()}) == 5
    assert len({account.currency for account in larger.accounts.values()}) > 2
    assert len(larger.tiktok.advertisers) == 4


def test_terms_say_what_the_first_app_and_its_tokens_are() -> None:
    terms = Terms(approved=False, public=True, old_tokens=True)
    world = make_world(terms=terms)
    app = next(iter(world.apps.values()))
    assert (app.approved, app.public) == (False, True)
    assert all(grant.old for grant in world.grants.values())


def test_every_account_has_something_to_pay_with() -> None:
    world = make_world(terms=Terms(further_accounts=2))
    paid = {one.account_id for one in world.funding_instruments.values() if not one.deleted}
    assert paid == set(world.accounts)
