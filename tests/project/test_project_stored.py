import pytest
from configs import AUTH_KEYS, connection_of, faults_of, tiktok, tiktok_of, x_of

from connector.project import Rate


def test_credentials_may_be_stored() -> None:
    auth = x_of(connection_of(auth="{stored: true}")).auth
    assert (auth.stored, auth.client_id, auth.pixel_token) == (True, None, None)


@pytest.mark.parametrize("secret", ["", ", client_secret: s3cret"])
def test_an_app_of_oauth_2_stands_beside_what_is_stored(secret: str) -> None:
    auth = x_of(connection_of(auth=f"{{client_id: 0123{secret}, stored: true}}")).auth
    assert auth.client_id is not None
    assert auth.client_id.get_secret_value() == "0123"
    assert (auth.client_secret is not None) == bool(secret)
    assert "s3cret" not in repr(auth)


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        (
            "{stored: false}",
            (
                "7:20 connections.x.auth.stored must be true: `connector connect` stores"
                " the credentials"
            ),
        ),
        (
            "{stored: true, pixel_token: a}",
            (
                "7:5 connections.x.auth needs exactly one of"
                " pixel_token, pixel_tokens, oauth1, stored; it has pixel_token and stored"
            ),
        ),
        (
            "{pixel_token: a, client_id: b}",
            (
                "7:39 connections.x.auth.client_id goes with stored: true;"
                " beside pixel_token it says nothing"
            ),
        ),
        ("{stored: true, client_secret: b}", "7:5 connections.x.auth needs client_id"),
        (
            "{stored: true, app_id: 7}",
            f"7:26 unknown key in connections.x.auth; known here: {AUTH_KEYS}",
        ),
    ],
)
def test_a_mistake_about_what_is_stored_is_one_sentence(auth: str, told: str) -> None:
    assert faults_of(connection_of(auth=auth)) == [told]


def test_a_connection_to_tiktok_has_its_defaults() -> None:
    connection = tiktok_of(tiktok())
    assert (connection.live, connection.target) == (False, "tiktok")
    assert connection.base_url == "https://business-api.tiktok.com"
    assert connection.advertiser_id == "7001234567890123456"
    assert connection.auth.access_token is not None
    assert connection.auth.access_token.get_secret_value() == "t0ken"
    assert connection.rate_limits.requests == Rate(amount=10, seconds=1.0)
    assert "t0ken" not in repr(connection)


def test_what_is_written_of_tiktok_is_read() -> None:
    connection = tiktok_of(
        tiktok(
            live="true",
            auth="{app_id: 0123, app_secret: b, stored: true}",
            base_url="http://127.0.0.1:8490",
            rate_limits="{requests: 20 per 1 s}",
        )
    )
    assert (connection.live, connection.target) == (True, "http://127.0.0.1:8490")
    assert (connection.auth.stored, connection.auth.access_token) == (True, None)
    assert connection.auth.app_id is not None
    assert connection.auth.app_id.get_secret_value() == "0123"
    assert connection.rate_limits.requests == Rate(amount=20, seconds=1.0)


def test_the_sandbox_of_tiktok_is_another_target() -> None:
    sandbox = "https://sandbox-ads.tiktok.com"
    assert tiktok_of(tiktok(base_url=sandbox)).target == sandbox
    [told] = faults_of(tiktok(base_url=sandbox, auth="{access_token: sim-1}"))
    assert "never sent to TikTok" in told


TIKTOK_KEYS = "platform, live, advertiser_id, base_url, auth, rate_limits"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"platform": "TikTok"},
            "5:15 connections.x.platform must be a platform that is known here: x_ads, tiktok_ads",
        ),
        (
            {"advertiser_id": "a7"},
            (
                "6:20 connections.x.advertiser_id must be an advertiser's id,"
                " such as 7001234567890123456"
            ),
        ),
        (
            {"auth": "{}"},
            "7:5 connections.x.auth needs exactly one of access_token, stored",
        ),
        ({"auth": "{stored: true, app_id: 7}"}, "7:5 connections.x.auth needs app_secret"),
        ({"auth": "{stored: true, app_secret: s}"}, "7:5 connections.x.auth needs app_id"),
        (
            {"auth": "{access_token: a, app_id: 7}"},
            (
                "7:37 connections.x.auth.app_id goes with stored: true;"
                " beside access_token it says nothing"
            ),
        ),
        (
            {"auth": "{access_token: sim-1}"},
            (
                "7:26 connections.x.auth.access_token is a secret of the simulator"
                " and never sent to TikTok; set base_url to its address"
            ),
        ),
        (
            {"auth": "s3cret"},
            (
                "7:11 connections.x.auth must be a block of keys"
                " (access_token, stored, app_id, app_secret)"
            ),
        ),
        (
            {"ad_account": "7"},
            f"8:5 unknown key 'ad_account' in connections.x; known here: {TIKTOK_KEYS}",
        ),
        (
            {"rate_limits": "{writes: 1 per 1 s}"},
            "8:19 unknown key 'writes' in connections.x.rate_limits; known here: requests",
        ),
    ],
)
def test_a_mistake_in_a_connection_to_tiktok_is_one_sentence_at_its_place(
    keys: dict[str, str], told: str
) -> None:
    assert faults_of(tiktok(**keys)) == [told]


def test_a_misspelt_platform_of_tiktok_does_not_hide_what_is_meant() -> None:
    text = tiktok(advertiser_idd="7").replace("platform:", "platfrom:")
    text = text.replace('advertiser_id: "7001234567890123456"\n    ', "")
    assert [told.partition(";")[0] for told in faults_of(text)] == [
        "5:5 unknown key 'platfrom' in connections.x",
        "7:5 unknown key 'advertiser_idd' in connections.x",
    ]
