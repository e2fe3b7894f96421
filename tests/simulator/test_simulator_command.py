"""`connector simulator` hands its options on; run as a person runs it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

COMMAND = [sys.executable, "-m", "connector", "simulator", "--json", "--port", "0"]


@contextmanager
def started(*options: str) -> Iterator[dict[str, Any]]:
    """What the command prints first, as long as it runs."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def test_the_options_make_the_simulator() -> None:
    options = [
        "--mode", "html_errors", "--role", "ANALYST", "--role", "TWEET_COMPOSER",
        "--further-accounts", "1", "--consent", "allow", "--limit", "accounts=1",
        "--window-scale", "0.5", "--callback", "https://example.com/", "--clock-skew", "60",
        "--ads", "30", "--search-lag", "0.5",
    ]  # fmt: skip
    with started(*options) as facts:
        assert requests.get(f"{facts['url']}/nowhere", timeout=5).text.startswith("<!doctype")
        page = (
            f"{facts['url']}/i/oauth2/authorize?response_type=code&client_id={facts['client_id']}"
            "&redirect_uri=https://example.com/&scope=ads.read&code_challenge=c"
        )
        answer = requests.get(page, timeout=5, allow_redirects=False)
        assert answer.headers["location"].startswith("https://example.com/?code=sim-")
        code = answer.headers["location"].partition("code=")[2]
        token = requests.post(
            f"{facts['url']}/2/oauth2/token",
            data={
                "grant_type": "authorization_code", "code": code, "code_verifier": "c",
                "redirect_uri": "https://example.com/",
            },
            auth=(facts["client_id"], facts["client_secret"]), timeout=5,
        ).json()["access_token"]  # fmt: skip
        headers = {"Authorization": f"Bearer {token}"}
        listed = requests.get(f"{facts['url']}/12/accounts", headers=headers, timeout=5)
        assert len(listed.json()["data"]) == 2
        assert listed.headers["x-rate-limit-limit"] == "1"
        access = f"/12/accounts/{facts['ad_account_id']}/authenticated_user_access"
        seen = requests.get(f"{facts['url']}{access}", headers=headers, timeout=5).json()
        assert seen["data"]["permissions"] == ["ANALYST", "TWEET_COMPOSER"]
        ads = f"{facts['url']}/12/accounts/{facts['ad_account_id']}/promoted_tweets"
        assert len(requests.get(ads, headers=headers, timeout=5).json()["data"]) == 18 + 30


def test_what_is_not_known_of_conversions_is_switched_by_modes(
    conversion: Callable[..., dict[str, object]],
) -> None:
    modes = ("no_rate_headers", "refuse_integers", "strict_formats", "api_dedup")
    with started(*(word for mode in modes for word in ("--mode", mode))) as facts:
        path = f"/12/measurement/conversions/{facts['pixel_id']}"

        def sent(**changes: object) -> requests.Response:
            return requests.post(
                facts["url"] + path, json={"conversions": [conversion(**changes)]},
                headers={"X-Pixel-Token": facts["pixel_token"]}, timeout=5,
            )  # fmt: skip

        assert sent(value=49).status_code == 400
        assert sent(identifiers=[{"twclid": "short"}]).status_code == 400
        assert [sent().status_code for _ in range(2)] == [200, 200]
        assert "x-rate-limit-limit" not in sent().headers
        counts = requests.get(f"{facts['url']}/_simulator/conversions", timeout=5).json()
        assert (counts["receipts"], counts["counted"]) == (3, 1)


@pytest.mark.parametrize(
    "option",
    [("--mode", "strange"), ("--limit", "accounts"), ("--role", "BOSS"), ("--search-lag", "-1.0")],
)
def test_an_option_that_makes_no_sense_ends_with_2(option: tuple[str, str]) -> None:
    ended = subprocess.run([*COMMAND, *option], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert option[1] in ended.stdout + ended.stderr
