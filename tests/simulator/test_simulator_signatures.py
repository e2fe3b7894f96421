import pytest

from connector.simulator.signatures import Call, signature_matches

# the sample secrets of X's own pages
CONSUMER_SECRET = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"
TOKEN_SECRET = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"
HEADER = (
    'OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", '
    'oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", '
    'oauth_signature="{}", oauth_signature_method="HMAC-SHA1", '
    'oauth_timestamp="1318622958", '
    'oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", oauth_version="1.0"'
)


URL = "http://127.0.0.1:8490/12/measurement/conversions/o8z6j"


def sample_call(method: str, url: str, signed: str, form: str = "") -> Call:
    encoded = signed.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    headers = {"authorization": HEADER.format(encoded)}
    return Call(method=method, url=url, headers=headers, form=form)


def matches(call: Call, token_secret: str = TOKEN_SECRET) -> bool:
    return signature_matches(call, consumer_secret=CONSUMER_SECRET, token_secret=token_secret)


STATS = (
    "https://ads-api.x.com/12/stats/accounts/4m9tq7w2bzc?entity=LINE_ITEM"
    "&entity_ids=w6n4r%2Cw6n5s&start_time=2026-03-02T00%3A00%3A00Z"
    "&end_time=2026-03-04T00%3A00%3A00Z&granularity=DAY&placement=ALL_ON_TWITTER"
    "&metric_groups=ENGAGEMENT%2CBILLING"
)
CAMPAIGN = "https://ads-api.x.com/12/accounts/4m9tq7w2bzc/campaigns/k2v8c"
STATUS = "status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21"
VECTORS = [
    (
        "POST",
        "https://ads-api.x.com/12/measurement/conversions/o8z6j",
        "",
        "7iaI+laGCTHGiawtSB+Dd+WRYfc=",
    ),
    (
        "POST",
        "https://ads-api.twitter.com/12/measurement/conversions/o8z6j",
        "",
        "hZ4orWrrqLW7WmY2CIE86CuQwWw=",
    ),
    (
        "POST",
        "https://api.x.com/1.1/statuses/update.json?include_entities=true",
        STATUS,
        "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=",
    ),
    ("GET", "https://ads-api.x.com/12/accounts", "", "fueB8KyCRQ8P2+q7SjT/VBZw0JQ="),
    ("GET", STATS, "", "DLV/UULmT+F+jFxTlGsV+1fhqoA="),
    (
        "PUT",
        f"{CAMPAIGN}?name=It%27s%20a%20%28test%29%21%2A&end_time=",
        "",
        "njOasDzV7G7fQL0JECA7OnrQJd0=",
    ),
]


@pytest.mark.parametrize(("method", "url", "form", "signed"), VECTORS)
def test_known_signatures_match(method: str, url: str, form: str, signed: str) -> None:
    assert matches(sample_call(method, url, signed, form))


@pytest.mark.parametrize(("method", "url", "form", "signed"), VECTORS)
def test_the_same_signatures_do_not_match_for_another_host(
    method: str,
    url: str,
    form: str,
    signed: str,
) -> None:
    elsewhere = url.replace("x.com", "example.com").replace("twitter.com", "x.com")
    assert not matches(sample_call(method, elsewhere, signed, form))


def test_a_signature_with_another_secret_does_not_match() -> None:
    method, url, form, signed = VECTORS[0]
    assert not matches(sample_call(method, url, signed, form), token_secret="another")


@pytest.mark.parametrize("header", ["", "OAuth", "OAuth nonsense", "Bearer abc", "Basic YTpi"])
def test_a_header_of_another_form_matches_nothing(header: str) -> None:
    call = Call(method="POST", url=URL, headers={"authorization": header})
    assert not matches(call)
