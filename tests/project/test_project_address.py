import pytest

from connector.project.address import belongs_to_x, parse_address, target_of


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://ads-api.x.com", "https://ads-api.x.com"),
        ("https://ads-api.x.com/", "https://ads-api.x.com"),
        ("HTTPS://Ads-API.X.com:443/", "https://ads-api.x.com"),
        ("https://gateway.example:8443", "https://gateway.example:8443"),
        ("http://127.0.0.1:8490/", "http://127.0.0.1:8490"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8490", "http://[::1]:8490"),
        ("https://127.0.0.1:0443", "https://127.0.0.1"),
    ],
)
def test_an_address_has_one_form(written: str, address: str) -> None:
    assert parse_address(written) == address


@pytest.mark.parametrize(
    "written",
    [
        "ads-api.x.com",
        "ftp://ads-api.x.com",
        "https://ads-api.x.com/12",
        "https://ads-api.x.com?a=b",
        "https://ads-api.x.com#a",
        "https://user:s3cret@ads-api.x.com",
        "https://ads-api.x.com.",
        "https://ads-api.x.com:0",
        "https://ads-api.x.com:65536",
        "https://ads-api.x.com:",
        "https://",
        "https://ads-api.x.com\\@evil.example",
        "https://ads api.x.com",
        "https://ads-api.x.com\n",
        "https://ads-äpi.x.com",
        "https://[::2]",
    ],
)
def test_what_is_no_address_alone_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(ValueError, match="must be an address such as") as caught:
        parse_address(written)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        "http://ads-api.x.com",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://128.0.0.1",
        "http://0.0.0.0",
        "http://127.1",
    ],
)
def test_http_is_for_loopback_alone(written: str) -> None:
    with pytest.raises(ValueError, match="must begin with https"):
        parse_address(written)


@pytest.mark.parametrize(
    ("base_url", "target"),
    [
        ("https://ads-api.x.com", "x"),
        ("https://ADS-API.twitter.com:443/", "x"),
        ("https://ads-api.x.com:8443", "x"),
        ("https://ads-api-sandbox.x.com", "https://ads-api-sandbox.x.com"),
        ("https://ads-api.x.com.evil.example/", "https://ads-api.x.com.evil.example"),
        ("http://127.0.0.1:8490/", "http://127.0.0.1:8490"),
    ],
)
def test_the_target_is_x_or_the_address(base_url: str, target: str) -> None:
    assert target_of(parse_address(base_url)) == target


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("https://ads-api.x.com", True),
        ("https://x.com", True),
        ("https://ads-api-sandbox.x.com", True),
        ("https://api.twitter.com:8443", True),
        ("https://notx.com", False),
        ("https://x.com.evil.example", False),
        ("http://127.0.0.1:8490", False),
    ],
)
def test_every_host_of_xs_domains_is_xs_own(address: str, *, own: bool) -> None:
    assert belongs_to_x(address) is own
