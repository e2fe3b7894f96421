import json
from collections.abc import Callable, Iterator

import pytest
import requests

from connector.simulator.conversions import Strictness, batch_errors
from connector.simulator.envelope import Error
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.simulator.world import make_world, tags_of

SHA256 = "c380883a7f5bd30f9566377252d7a73542e94bed90a654681412c7a0bfa0d409"


@pytest.fixture(scope="session")
def conversion() -> Callable[..., dict[str, object]]:
    """Makes a conversion the default account takes; keywords replace keys, None removes one."""

    def make(**changes: object) -> dict[str, object]:
        sound: dict[str, object] = {
            "conversion_time": "2026-03-02T10:20:30.417Z",
            "event_id": "tw-o8z6j-o87ne",
            "identifiers": [{"hashed_email": SHA256}],
            "conversion_id": "order-1",
        }
        changed = sound | changes
        return {key: value for key, value in changed.items() if value is not None}

    return make


@pytest.fixture(scope="session")
def errors_of() -> Callable[..., list[Error]]:
    """What X says about conversions for the default pixel, without a server between."""
    world = make_world()
    tags = tags_of(world, world.pixels["o8z6j"])

    def find(*conversions: object, formats: bool = False, integers: bool = True) -> list[Error]:
        strictness = Strictness(formats=formats, refuse_integers=not integers)
        return batch_errors(conversions, tags=tags, strictness=strictness)

    return find


@pytest.fixture(scope="session")
def send() -> Callable[..., requests.Response]:
    """Sends conversions with the token of their pixel, or with the headers given."""

    def post(
        address: Address,
        *conversions: object,
        pixel_id: str = "o8z6j",
        headers: dict[str, str] | None = None,
        timeout: float = 5,
    ) -> requests.Response:
        own = {"X-Pixel-Token": address.world.pixels[pixel_id].token}
        return requests.post(
            f"{address.url}/12/measurement/conversions/{pixel_id}",
            data=json.dumps({"conversions": conversions}),
            headers={"Content-Type": "application/json", **(own if headers is None else headers)},
            timeout=timeout,
        )

    return post


@pytest.fixture(scope="session")
def arrived() -> Callable[..., dict[str, object]]:
    """What the simulator counted."""

    def get(address: Address, query: str = "") -> dict[str, object]:
        answer = requests.get(f"{address.url}/_simulator/conversions{query}", timeout=5)
        assert answer.status_code == 200
        counts: dict[str, object] = answer.json()
        return counts

    return get


@pytest.fixture(scope="session")
def shared() -> Iterator[Address]:
    """A simulator many tests use: none of them may rely on its counts."""
    with running(Settings(events_per_window=None)) as address:
        yield address


@pytest.fixture
def fresh() -> Iterator[Address]:
    """A simulator of the test's own."""
    with running() as address:
        yield address
