import pytest
from configs import AUTH_KEYS, TOP, config_of, connection_of, faults_of, x_of

from connector.project import Rate


def test_what_is_left_out_has_its_default() -> None:
    config = config_of(connection_of())
    connection = x_of(connection_of())
    assert (config.mappings, config.budgets) == ("mappings", None)
    assert (connection.live, connection.base_url) == (False, "https://ads-api.x.com")
    assert connection.rate_limits.conversion_events == Rate(amount=60_000, seconds=900.0)
    assert connection.rate_limits.writes == Rate(amount=50, seconds=60.0)


def test_what_is_written_is_read() -> None:
    text = (
        connection_of(
            live="true",
            rate_limits="{conversion_events: 6000 per 90 s, writes: 450 per 1 minute}",
        )
        + "mappings: jobs\nbudgets: {url: 'redis://localhost:6379/0'}\n"
    )
    config, connection = config_of(text), x_of(text)
    assert config.warehouse.url.get_secret_value() == "duckdb:///warehouse.duckdb"
    assert config.state.url.get_secret_value() == "sqlite:///state/connector.db"
    assert config.mappings == "jobs"
    assert config.budgets is not None
    assert config.budgets.url.get_secret_value() == "redis://localhost:6379/0"
    assert connection.live is True
    assert connection.rate_limits.conversion_events == Rate(amount=6000, seconds=90.0)
    assert connection.rate_limits.writes == Rate(amount=450, seconds=60.0)


@pytest.mark.parametrize("written", ["1e5", "00123", "0x1f", "123", "true"])
def test_an_account_is_the_text_as_written(written: str) -> None:
    assert x_of(connection_of(ad_account_id=written)).ad_account_id == written


def test_a_token_of_digits_is_text() -> None:
    auth = x_of(connection_of(auth="{pixel_token: 0123}")).auth
    assert auth.pixel_token is not None
    assert auth.pixel_token.get_secret_value() == "0123"


def test_each_pixel_may_have_its_own_token() -> None:
    auth = x_of(connection_of(auth="{pixel_tokens: {o8z6j: a, 00123: b}}")).auth
    assert auth.pixel_tokens is not None
    tokens = {pixel: token.get_secret_value() for pixel, token in auth.pixel_tokens.items()}
    assert tokens == {"o8z6j": "a", "00123": "b"}


def test_oauth_has_four_secrets() -> None:
    written = "{oauth1: {consumer_key: a, consumer_secret: b, token: c, token_secret: d}}"
    auth = x_of(connection_of(auth=written)).auth
    assert auth.oauth1 is not None
    assert auth.oauth1.token_secret.get_secret_value() == "d"


def test_a_config_can_not_be_changed() -> None:
    config = config_of(connection_of())
    with pytest.raises(ValueError, match="frozen"):
        config.connections["x"].live = True


def test_no_secret_is_shown() -> None:
    written = connection_of(auth="{pixel_token: s3cret}").replace("duckdb:///", "pg://u:s3cret@h/")
    assert "s3cret" not in repr(config_of(written))
    assert "s3cret" not in str(config_of(written).model_dump())
    assert "s3cret" not in config_of(written).model_dump_json()


@pytest.mark.parametrize(
    ("auth", "column", "words"),
    [
        ("{}", 5, "needs exactly one of pixel_token, pixel_tokens, oauth1, stored"),
        (
            "{pixel_token: a, pixel_tokens: {o8z6j: b}}",
            5,
            (
                "needs exactly one of pixel_token, pixel_tokens, oauth1, stored;"
                " it has pixel_token and pixel_tokens"
            ),
        ),
        ("s3cret", 11, f"must be a block of keys ({AUTH_KEYS})"),
        ("", 5, f"has no value; it must be a block of keys ({AUTH_KEYS})"),
    ],
)
def test_there_is_exactly_one_way_to_authenticate(auth: str, column: int, words: str) -> None:
    assert faults_of(connection_of(auth=auth)) == [f"7:{column} connections.x.auth {words}"]


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ('""', "is empty; it must be a secret"),
        ('"  "', "is empty; it must be a secret"),
        ("", "has no value; it must be a secret"),
        ("[s3cret]", "must be a secret"),
        ('" s3cret"', "has blanks or line breaks at its start or end"),
        ('"s3cret\\n"', "has blanks or line breaks at its start or end"),
        ('"s3\\ncret"', "holds characters that can't be printed"),
        ('"s3 cret"', "holds blanks"),
        ('"s3crét"', "holds blanks or characters beyond ASCII"),
    ],
)
def test_what_can_not_be_a_secret_is_told_without_it(secret: str, words: str) -> None:
    [told] = faults_of(connection_of(auth=f"{{pixel_token: {secret}}}"))
    assert told.startswith("7:")
    assert f"connections.x.auth.pixel_token {words}" in told
    assert "s3" not in told


@pytest.mark.parametrize(
    "url", ["''", "warehouse.duckdb", "/data/s3cret", "[s3cret]", "{a: s3cret}"]
)
@pytest.mark.parametrize("where", ["warehouse", "state", "budgets"])
def test_what_is_no_address_of_a_store_is_told_without_it(where: str, url: str) -> None:
    text = connection_of() + "budgets: {url: 'redis://localhost'}\n"
    lines = [
        f"{where}: {{url: {url}}}" if line.startswith(where) else line for line in text.splitlines()
    ]
    [told] = faults_of("\n".join(lines))
    assert f"{where}.url " in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost", "rediss://ads:p%40ss@cache.example.com:6380/2", "redis://:p@[::1]:1/0",
        "redis://10.0.0.7:6379/0?socket_timeout=2", "redis://cache_1:65535/",
    ],
)  # fmt: skip
def test_budgets_may_be_in_redis(url: str) -> None:
    config = config_of(f"{connection_of()}budgets: {{url: '{url}'}}\n")
    assert config.budgets is not None
    assert config.budgets.url.get_secret_value() == url
    assert url not in repr(config)


@pytest.mark.parametrize(
    "url",
    [
        "memcached://s3cret@localhost", "unix:///s3cret", "redis://", "redis:///0",
        "redis://a:s3cret@h:65536/0", "redis://a:s3cret@h:0/0", "redis://a:s3cret@h:x/0",
        "redis://a:s3cret@b@h/0", "redis://a:s3/cret@h/0", "redis://a:s3cret@h/zero",
        "redis://a:s3cret@h/0 ", " redis://a:s3cret@h", "redis://a:s3cret@h/0?é",
        "redis://a:s3 cret@h", "redis://a:s3cret@[h/0",
    ],
)  # fmt: skip
def test_what_is_no_address_of_redis_is_told_without_it(url: str) -> None:
    [told] = faults_of(f"{connection_of()}budgets: {{url: '{url}'}}\n")
    assert told.startswith("8:16 budgets.url must be an address such as redis://localhost:6379/0,")
    assert "s3" not in told


@pytest.mark.parametrize(
    ("base_url", "auth", "place"),
    [
        ("https://ads-api.x.com", "{pixel_token: sim-1}", "7:25 connections.x.auth.pixel_token"),
        (
            "https://ads-api.twitter.com",
            "{pixel_token: SIM-1}",
            "7:25 connections.x.auth.pixel_token",
        ),
        (
            "https://ads-api.x.com:8443",
            "{pixel_tokens: {o8z6j: a, p3k9d: sim-1}}",
            "7:44 connections.x.auth.pixel_tokens",
        ),
        (
            "https://ads-api.x.com",
            "{oauth1: {consumer_key: a, consumer_secret: b, token: sim-1, token_secret: d}}",
            "7:65 connections.x.auth.oauth1.token",
        ),
    ],
)
def test_a_secret_of_the_simulator_is_never_meant_for_x(
    base_url: str, auth: str, place: str
) -> None:
    [told] = faults_of(connection_of(auth=auth, base_url=base_url))
    assert told == (
        f"{place} is a secret of the simulator and never sent to X; set base_url to its address"
    )


def test_x_is_the_address_that_a_secret_of_the_simulator_meets_by_default() -> None:
    [told] = faults_of(connection_of(auth="{pixel_token: sim-1}"))
    assert "never sent to X" in told


def test_a_secret_of_the_simulator_is_for_the_simulator() -> None:
    config = config_of(connection_of(auth="{pixel_token: sim-1}", base_url="http://127.0.0.1:8490"))
    assert config.connections["x"].target == "http://127.0.0.1:8490"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"platform": "meta_ads"},
            "5:15 connections.x.platform must be a platform that is known here: x_ads, tiktok_ads",
        ),
        ({"live": "yes"}, "8:11 connections.x.live must be true or false"),
        ({"live": "1"}, "8:11 connections.x.live must be true or false"),
        ({"live": "'true'"}, "8:11 connections.x.live must be true or false"),
        ({"live": ""}, "8:5 connections.x.live has no value; it must be true or false"),
        (
            {"ad_account_id": "18CE"},
            (
                "6:20 connections.x.ad_account_id must be an account's id"
                " in lower-case letters and digits"
            ),
        ),
        (
            {"auth": "{pixel_tokens: {}}"},
            "7:12 connections.x.auth.pixel_tokens is empty; it must hold at least one",
        ),
        (
            {"auth": "{oauth1: {consumer_key: a, consumer_secret: b, token: c}}"},
            "7:12 'token_secret' is missing in connections.x.auth.oauth1",
        ),
        (
            {"rate_limits": "{writes: 50}"},
            (
                "8:27 connections.x.rate_limits.writes must be a rate above zero,"
                " such as 60000 per 15 minutes"
            ),
        ),
        (
            {"rate_limits": "{writes: [50]}"},
            "8:19 connections.x.rate_limits.writes must be a rate such as 60000 per 15 minutes",
        ),
        (
            {"base_url": "http://10.0.0.1"},
            "8:15 connections.x.base_url must begin with https://; http is for loopback alone",
        ),
    ],
)
def test_a_mistake_in_a_connection_is_one_sentence_at_its_place(
    keys: dict[str, str], told: str
) -> None:
    assert faults_of(connection_of(**keys)) == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TOP, ["1:1 'connections' is missing"]),
        (TOP + "connections: {}\n", ["3:1 connections is empty; it must hold at least one"]),
        (TOP + "connections: x\n", ["3:14 connections must be a block of keys"]),
        (
            connection_of().replace("  x:", "  x y:"),
            ["4:3 a key of connections must be of letters, digits, - and _, such as x"],
        ),
        (
            connection_of() + "mappings:\n",
            ["8:1 mappings has no value; it must be text; what looks like a number needs quotes"],
        ),
        (
            connection_of() + "budget: {url: 'redis://x'}\n",
            [
                (
                    "8:1 unknown key 'budget'; did you mean 'budgets'?"
                    " known here: warehouse, state, mappings, budgets, metrics, connections"
                )
            ],
        ),
    ],
)
def test_a_mistake_at_the_top_is_one_sentence_at_its_place(text: str, told: list[str]) -> None:
    assert faults_of(text) == told


@pytest.mark.parametrize(
    "auth",
    [
        "{pixel_token:s3cret}",
        "{s3cret: pixel_token}",
        "{pixel_tokens: {S3CRET-s3cret: o8z6j}}",
        "{pixel_token: a, s3cret: b}",
        "{oauth1: {consumer_key:s3cret}}",
    ],
)
def test_a_secret_in_the_place_of_a_key_is_not_repeated(auth: str) -> None:
    told = faults_of(connection_of(auth=auth))
    assert told
    assert "s3cret" not in "".join(told)


def test_a_blank_that_is_missing_after_a_colon_is_told() -> None:
    told = faults_of(connection_of(auth="{pixel_token:s3cret}"))
    assert "7:12 a blank is missing after the colon of 'pixel_token' in connections.x.auth" in told
