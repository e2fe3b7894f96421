import pytest

from connector.connecting.roles import MAY, Job, allowing, may, refusal

ALL: set[Job] = {"conversions", "metrics", "write"}


@pytest.mark.parametrize(
    ("roles", "jobs"),
    [
        (("ACCOUNT_ADMIN",), ALL),
        (("AD_MANAGER",), ALL),
        (("CREATIVE_MANAGER",), {"metrics"}),
        (("CAMPAIGN_ANALYST",), {"metrics"}),
        (("ANALYST",), set()),
        (("PARTNER_AUDIENCE_MANAGER",), set()),
        (("TWEET_COMPOSER",), set()),
        (("TWEET_COMPOSER", "CAMPAIGN_ANALYST"), {"metrics"}),
        (("ANALYST", "AD_MANAGER"), ALL),
        (("SOMETHING_NEW",), set()),
        ((), set()),
    ],
)
def test_a_role_may_what_the_table_says(roles: tuple[str, ...], jobs: set[Job]) -> None:
    assert {job for job in ALL if may(roles, job)} == jobs


def test_a_refusal_names_the_roles_that_may() -> None:
    assert allowing("conversions") == ["ACCOUNT_ADMIN", "AD_MANAGER"]
    assert set(allowing("metrics")) == {
        "ACCOUNT_ADMIN", "AD_MANAGER", "CREATIVE_MANAGER", "CAMPAIGN_ANALYST",
    }  # fmt: skip
    told = str(refusal("x", ("ANALYST",), "write"))
    assert "its user has ANALYST" in told
    assert "may not change campaigns" in told
    assert "ACCOUNT_ADMIN or AD_MANAGER" in told
    assert "no role" in str(refusal("x", (), "write"))
    assert len(MAY) == 7
