import dataclasses
import json
import pickle
from datetime import timedelta
from typing import Any

import pytest
from vaults import CANARY, NOW, SECRETS, connection

from connector.credentials import Kept, public, status_at
from connector.credentials.facts import (
    Secret,
    checked_name,
    checked_visibility,
    connection_of,
    document_of,
    kind_of,
    secret_document,
    secret_of,
)
from connector.errors import ConfigurationError


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_never_shown(secret: Secret) -> None:
    one = Kept(connection=connection(), secret=secret)
    for shown in (repr(secret), str(secret), f"{secret}", repr(one), str([one]), f"{one!r}"):
        assert CANARY not in shown
    assert "18ce54d4x5t" in repr(one)


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_comes_back_from_its_json(kind: str) -> None:
    document = json.loads(json.dumps(secret_document(SECRETS[kind])))
    assert secret_of(document) == SECRETS[kind]
    assert document["kind"] == kind_of(SECRETS[kind]) == kind
    assert pickle.loads(pickle.dumps(SECRETS[kind])) == SECRETS[kind]


def test_nothing_of_a_connection_can_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        connection().name = "y"  # type: ignore[misc]


def test_facts_come_back_from_their_json() -> None:
    one = connection(expires_at=NOW, last_used_at=NOW, visibility="team:growth", revision=3)
    document = json.loads(json.dumps(document_of(one)))
    assert {"name", "visibility"}.isdisjoint(document)
    assert connection_of(document, name="x", visibility="team:growth") == one
    later = {**document, "of_a_later_version": 1}
    assert connection_of(later, name="x", visibility="team:growth") == one


def test_the_public_facts_are_those_of_the_list() -> None:
    facts = public(connection(expires_at=NOW, scopes=("ads.read",)), NOW)
    assert json.loads(json.dumps(facts)) == {
        "name": "x", "platform": "x_ads", "status": "expired",
        "connected_at": "2026-03-02T12:00:00+00:00", "connected_by": "ana@host",
        "visibility": "private", "role": "AD_MANAGER", "scopes": ["ads.read"],
        "expires_at": "2026-03-02T12:00:00+00:00", "last_used_at": None,
        "ad_account_ids": ["18ce54d4x5t"],
    }  # fmt: skip
    assert public(connection(roles=()), NOW)["role"] is None


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "connected"),
        ({"expires_at": NOW + timedelta(seconds=1)}, "connected"),
        ({"expires_at": NOW}, "expired"),
        ({"expires_at": NOW, "renewable": True}, "connected"),
        ({"expires_at": NOW, "status": "revoked"}, "revoked"),
        ({"status": "not_connected"}, "not_connected"),
    ],
)
def test_what_cannot_be_renewed_expires(facts: dict[str, Any], status: str) -> None:
    assert status_at(connection(**facts), NOW) == status


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "x y", "é", "x\n", "a" * 81])
def test_a_name_that_is_no_file_s_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="can't name a connection"):
        checked_name(name)


@pytest.mark.parametrize("text", ["private", "workspace", "team:growth", "team:a-b_9"])
def test_a_visibility_is_read_in_small_letters(text: str) -> None:
    assert checked_visibility(text) == text
    assert checked_visibility(text.upper()) == text


@pytest.mark.parametrize("text", ["", "public", "team", "team:", "team:a b", "team:é", "team:-a"])
def test_another_visibility_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="private, workspace, or team:NAME"):
        checked_visibility(text)
