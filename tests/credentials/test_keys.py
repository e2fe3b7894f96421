import base64

import pytest
from vaults import CANARY, KEY, OTHER_KEY, SECRETS

from connector.credentials import keys
from connector.credentials.facts import Secret
from connector.errors import ConfigurationError

FIRST, SECOND = KEY.encode(), OTHER_KEY.encode()


@pytest.mark.parametrize(
    ("visibility", "variable"),
    [
        ("private", "CONNECTOR_SECRET_KEY"),
        ("workspace", "CONNECTOR_SECRET_KEY"),
        ("team:growth", "CONNECTOR_SECRET_KEY_GROWTH"),
        ("team:growth-eu", "CONNECTOR_SECRET_KEY_GROWTH_EU"),
    ],
)
def test_each_visibility_has_its_variable(visibility: str, variable: str) -> None:
    assert keys.variable_of(visibility) == variable


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_what_is_sealed_is_opened_with_its_key_alone(secret: Secret) -> None:
    sealed = keys.seal(secret, "one", [FIRST])
    assert CANARY not in sealed
    assert CANARY not in base64.urlsafe_b64decode(sealed).decode("latin-1")
    assert keys.unseal(sealed, "one", [SECOND, FIRST]) == secret
    for found in ([SECOND], []):
        with pytest.raises((keys.WrongKeyError, ValueError)):
            keys.unseal(sealed, "one", found)


def test_the_first_key_seals() -> None:
    sealed = keys.seal(SECRETS["tiktok"], "one", [SECOND, FIRST])
    assert keys.unseal(sealed, "one", [SECOND]) == SECRETS["tiktok"]


def test_what_belongs_to_another_connection_is_not_opened() -> None:
    sealed = keys.seal(SECRETS["tiktok"], "one", [FIRST])
    with pytest.raises(keys.WrongKeyError):
        keys.unseal(sealed, "two", [FIRST])


@pytest.mark.parametrize("sealed", ["", "gAAAA", "é", CANARY])
def test_what_was_never_sealed_is_not_opened(sealed: str) -> None:
    with pytest.raises(keys.WrongKeyError):
        keys.unseal(sealed, "one", [FIRST])


RAW = bytes(range(200, 232))


@pytest.mark.parametrize(
    "written",
    [
        base64.urlsafe_b64encode(RAW).decode(),
        base64.b64encode(RAW).decode(),
        base64.b64encode(RAW).decode().rstrip("="),
        f"  {base64.b64encode(RAW).decode()}\n",
    ],
)
def test_a_key_is_32_bytes_in_either_base64(written: str) -> None:
    assert keys.keys_in({"K": written}, "K") == [base64.urlsafe_b64encode(RAW)]


def test_several_keys_stand_with_commas_newest_first() -> None:
    assert keys.keys_in({"K": f"{OTHER_KEY}, {KEY},"}, "K") == [SECOND, FIRST]


@pytest.mark.parametrize("environment", [{}, {"K": ""}, {"K": " , "}])
def test_a_variable_without_a_key_has_none(environment: dict[str, str]) -> None:
    assert keys.keys_in(environment, "K") == []


@pytest.mark.parametrize("written", [CANARY, f"{KEY},{CANARY}", KEY[:-5], KEY + KEY, "a" * 32, "é"])
def test_what_is_no_key_is_told_without_it(written: str) -> None:
    with pytest.raises(ConfigurationError, match="K does not hold a key") as caught:
        keys.keys_in({"K": written}, "K")
    assert written not in str(caught.value)
    assert CANARY not in str(caught.value)


def test_new_keys_differ() -> None:
    made = {keys.new_key() for _ in range(10)}
    assert len(made) == 10
    assert keys.keys_of_text("\n".join(key.decode() for key in made)) == list(made)
