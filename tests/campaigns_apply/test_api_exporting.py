"""Campaigns as they are at X become a file, and that file changes nothing."""

import pytest
from campaigns_apply.conftest import MakeOffice
from campaigns_apply.office import Office
from jsonschema import Draft202012Validator

from connector.api import applying
from connector.campaigns import file
from connector.errors import ConfigurationError
from connector.project.tree import plain, read_tree


def test_an_exported_file_makes_no_difference(office: Office) -> None:
    plan, outcome = office.apply(office.text())
    text = office.export(plan, outcome)
    assert "[c" not in text
    assert office.plan(text, prune=True).difference.changes == ()
    office.writes()
    office.applied(text, prune=True)
    assert office.writes() == []


def test_all_that_an_account_begins_with_can_be_exported_and_applied(office: Office) -> None:
    ids = [row["id"] for row in office.bureau.stranger.rows("campaigns", with_draft="true")]
    with office.bureau.managed() as manager:
        text, _ = applying.export(manager, ids)
    assert office.plan(text, prune=True).difference.changes == ()


def test_an_exported_campaign_keeps_its_id_when_its_name_changes(office: Office) -> None:
    plan, outcome = office.apply(office.text(campaigns=1))
    text = office.export(plan, outcome).replace("name: spring 0", "name: autumn")
    assert [one.kind for one in office.applied(text).difference.changes] == ["update"]
    assert office.bureau.named("campaigns", "spring 0") == []
    assert office.plan(text).difference.changes == ()


def test_there_is_no_campaign_to_export(office: Office) -> None:
    with office.bureau.managed() as manager:
        with pytest.raises(ConfigurationError, match="there is no campaign zzzzz, or it is"):
            applying.export(manager, ["zzzzz"])
        with pytest.raises(ConfigurationError, match="is made up"):
            applying.export(manager, ["dry-1"])


def test_an_account_of_several_requests_of_ids_is_read_whole(make_office: MakeOffice) -> None:
    office = make_office(ads=2500)
    rows = office.bureau.stranger.rows("campaigns", count=1000, with_draft="true")
    with office.bureau.managed() as manager:
        text, _ = applying.export(manager, [row["id"] for row in rows])
    assert len(file.read(text.encode(), "ads.yaml").campaigns) == len(rows)
    assert office.plan(text, prune=True).difference.changes == ()


def test_the_schema_takes_an_exported_file(office: Office) -> None:
    plan, outcome = office.apply(office.text(campaigns=1))
    tree = read_tree(office.export(plan, outcome).encode()).root
    assert tree is not None
    Draft202012Validator(file.campaigns_schema()).validate(plain(tree))
