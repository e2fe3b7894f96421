from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.metrics.rows import Utm
from connector.metrics.utm import KEYS, Names, of_link, of_pairs, parameters

NAMES = Names(
    campaign_id="1793000111222555",
    campaign_name="spring & summer 20%",
    ad_group_id="1793000111222444",
    ad_group_name="iberia",
    ad_id="1793000111222333",
    ad_name="can-video-a",
)
MACROS = NAMES.macros()
SHOP = "https://shop.example.org/"


def test_the_parameters_of_a_link_are_decoded() -> None:
    link = (
        f"{SHOP}?utm_source=news%2Bletter&id=7&utm_medium=e+mail&utm_term=caf%C3%A9#utm_content=x"
    )
    assert of_link(link) == {
        "utm_source": "news+letter",
        "utm_medium": "e mail",
        "utm_term": "café",
    }


@pytest.mark.parametrize(
    "link", [None, "", SHOP, f"{SHOP}?utm_source=", "https://[", "no link", f"{SHOP}?UTM_SOURCE=x"]
)
def test_a_link_may_have_none(link: str | None) -> None:
    assert of_link(link) == {}


def test_of_a_key_that_comes_twice_the_first_with_a_value_counts() -> None:
    assert of_link(f"{SHOP}?utm_source=&utm_source=a&utm_source=b") == {"utm_source": "a"}


def test_a_macro_is_filled_in_after_the_query_is_split() -> None:
    link = f"{SHOP}?utm_campaign=__CAMPAIGN_NAME__&utm_content=__CID__"
    assert of_link(link, MACROS) == {
        "utm_campaign": "spring & summer 20%",
        "utm_content": "1793000111222333",
    }


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("__CAMPAIGN_ID__", "1793000111222555"),
        ("__AID_NAME__", "iberia"),
        ("__AID__", "1793000111222444"),
        ("__CID_NAME__", "can-video-a"),
        ("_CID_NAME_", "can-video-a"),
        ("_AID_-_CID_", "1793000111222444-1793000111222333"),
        ("%5F%5FCID_NAME%5F%5F", "can-video-a"),
        ("__AID_NAME____CID_NAME__", "iberiacan-video-a"),
        ("x__AID_NAME__y", "xiberiay"),
        ("a-__PLACEMENT__-b", "a--b"),
        ("a__WHATEVER__", "a"),
        ("_PLACEMENT_x", "_PLACEMENT_x"),
        ("_SPRING_", "_SPRING_"),
        ("__spring__", "__spring__"),
        ("MY_CID_NAME_X", "MY_CID_NAME_X"),
    ],
)
def test_a_macro_is_what_tiktok_would_put_there(written: str, becomes: str) -> None:
    assert of_link(f"{SHOP}?utm_content={written}", MACROS) == {"utm_content": becomes}


def test_a_macro_that_is_unknown_or_has_no_name_leaves_nothing() -> None:
    link = f"{SHOP}?utm_term=__PLACEMENT__&utm_content=__CID_NAME__"
    assert of_link(link, {**MACROS, "CID_NAME": None}) == {}


def test_a_name_that_looks_like_a_macro_is_not_filled_in_again() -> None:
    link = f"{SHOP}?utm_content=__CID_NAME__"
    assert of_link(link, {**MACROS, "CID_NAME": "__CID__"}) == {"utm_content": "__CID__"}


def test_without_macros_a_link_says_what_it_says() -> None:
    assert of_link(f"{SHOP}?utm_content=__CID__") == {"utm_content": "__CID__"}


@given(st.dictionaries(st.sampled_from(KEYS), st.text(st.characters(exclude_categories=["Cs"]))))
def test_what_a_link_is_tagged_with_is_read_back(tags: dict[str, str]) -> None:
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in tags.items())
    expected = {key: value.strip() for key, value in tags.items() if value.strip()}
    assert of_link(f"{SHOP}?{query}") == expected
    assert of_pairs(tags.items()) == expected


def test_the_first_link_with_parameters_is_taken_as_a_whole() -> None:
    found = parameters([{}, {"utm_source": "a"}, {"utm_term": "b"}], platform="x", names=NAMES)
    assert found == Utm(utm_source="a")
    assert not found.utm_inferred


def test_what_a_link_lacks_is_filled_in_from_what_belongs_to_all() -> None:
    filling = {"utm_source": "b", "utm_term": "c"}
    found = parameters([{"utm_source": "a"}], platform="tiktok", names=NAMES, filling=filling)
    assert found == Utm(utm_source="a", utm_term="c")
    assert parameters([], platform="tiktok", names=NAMES, filling=filling).utm_source == "b"


def test_parameters_are_inferred_when_none_is_there() -> None:
    assert parameters([{}], platform="tiktok", names=NAMES) == Utm(
        utm_source="tiktok", utm_medium="paid", utm_campaign="spring & summer 20%",
        utm_content="can-video-a", utm_inferred=True,
    )  # fmt: skip


def test_an_ad_without_a_name_is_inferred_by_its_id() -> None:
    names = Names(
        campaign_id="k2v8c", campaign_name=None, ad_group_id="w6n4r", ad_group_name=None,
        ad_id="5ft2qa", ad_name=None,
    )  # fmt: skip
    found = parameters([], platform="x", names=names)
    assert (found.utm_source, found.utm_campaign, found.utm_content) == ("x", None, "5ft2qa")
