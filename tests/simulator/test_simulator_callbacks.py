import pytest

from connector.simulator.callbacks import check_callbacks, is_loopback, is_registered, with_query

REGISTERED = ("https://example.com/back", "http://127.0.0.1:9000/")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8765/",
        "http://127.0.0.1:8765/callback?flow=1",
        "http://localhost:8765",
        "http://[::1]:8765/x",
        *REGISTERED,
    ],
)
def test_the_fixed_port_of_this_machine_and_what_was_named_is_registered(address: str) -> None:
    assert is_registered(address, registered=REGISTERED)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "oob",
        "http://127.0.0.1:8766/",
        "http://127.0.0.1/",
        "http://127.0.0.1:8765/#x",
        "http://127.0.0.1:8765/\r\nx: y",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1.example.com:8765/",
        "http://127.0.0.1:8765@example.com/",
        "javascript://127.0.0.1:8765/",
        "https://example.com/back/",
        "http://127.0.0.1:9000",
    ],
)
def test_nothing_else_is_registered(address: str) -> None:
    assert not is_registered(address, registered=REGISTERED)


def test_loopback_is_this_machine_on_any_port() -> None:
    assert is_loopback("http://127.0.0.1:1/")
    assert is_loopback("http://localhost/")
    assert not is_loopback("http://192.0.2.1/")
    assert not is_loopback("127.0.0.1:8765")


def test_what_is_added_to_an_address_is_encoded_and_what_is_none_left_out() -> None:
    address = with_query("http://h/p?a=1&b=", state="x y&z", code=None)
    assert address == "http://h/p?a=1&b=&state=x+y%26z"


@pytest.mark.parametrize("address", ["oob", "example.com", "https://example.com/#x", "http://h:x/"])
def test_an_address_that_cannot_be_registered_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="callback"):
        check_callbacks([address])
