from collections import Counter
from itertools import islice

import pytest

from connector.simulator.faults import FAULTS, NO_FAULT, check_shares, drawn, parse_faults


def test_shares_are_read_from_texts() -> None:
    assert parse_faults(["timeout=0.1", "reset=1e-3"]) == {"timeout": 0.1, "reset": 0.001}
    assert parse_faults([]) == {}


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown fault 'fire'") as refused:
        parse_faults(["fire=0.1"])
    assert all(kind in str(refused.value) for kind in FAULTS)


@pytest.mark.parametrize("text", ["timeout", "timeout=", "timeout=often", "timeout=10%"])
def test_a_fault_without_a_number_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"KIND=SHARE.*" + text):
        parse_faults([text])


@pytest.mark.parametrize("share", ["-0.1", "1.1", "nan", "inf"])
def test_a_share_outside_zero_to_one_is_refused(share: str) -> None:
    with pytest.raises(ValueError, match="must be from 0 to 1"):
        parse_faults([f"slow={share}"])


def test_a_kind_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="slow is named twice"):
        parse_faults(["slow=0.1", "slow=0.2"])


def test_shares_above_one_in_all_are_refused() -> None:
    with pytest.raises(ValueError, match=r"add up to 1\.2"):
        check_shares({"slow": 0.6, "reset": 0.6})


def test_shares_may_add_up_to_exactly_one() -> None:
    check_shares({"slow": 0.1, "reset": 0.2, "timeout": 0.7})
    check_shares(dict.fromkeys(FAULTS, 1 / len(FAULTS)))


def test_faults_come_by_their_shares() -> None:
    requests = islice(drawn({"slow": 0.2, "reset": 0.05}, seed=1), 10_000)
    count = Counter(fault.name for fault in requests)
    assert 1_800 < count["slow"] < 2_200
    assert 400 < count["reset"] < 600
    assert count[""] == 10_000 - count["slow"] - count["reset"]


def test_equal_seeds_draw_equal_faults_and_others_do_not() -> None:
    shares = {"slow": 0.5}
    first = list(islice(drawn(shares, seed=1), 50))
    assert first == list(islice(drawn(shares, seed=1), 50))
    assert first != list(islice(drawn(shares, seed=2), 50))


def test_a_share_of_one_meets_every_request_and_none_of_zero_does() -> None:
    assert set(islice(drawn({"slow": 0, "reset": 1}, seed=3), 100)) == {FAULTS["reset"]}
    assert set(islice(drawn({}, seed=3), 100)) == {NO_FAULT}


def test_only_faults_after_the_commit_store_anything() -> None:
    processed = {name for name, fault in FAULTS.items() if fault.processed}
    assert processed == {
        "reset_after_commit",
        "error_500_after_commit",
        "short_acknowledgement",
        "slow",
    }
