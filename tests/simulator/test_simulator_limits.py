from connector.simulator.limits import (
    USER_FAMILY,
    WINDOW_SECONDS,
    Window,
    current,
    rate_headers,
    spent,
)


def test_a_window_lasts_fifteen_minutes_from_its_first_request() -> None:
    window = current(None, now=1_000.0)
    assert window == Window(started=1_000.0, used=0)
    assert window.reset == 1_000 + 15 * 60
    used = Window(started=1_000.0, used=7)
    assert current(used, now=1_000.0 + WINDOW_SECONDS - 0.01) is used
    assert current(used, now=1_000.0 + WINDOW_SECONDS).used == 0


def test_a_client_that_waits_for_the_reset_meets_a_new_window() -> None:
    window = Window(started=1_000.4, used=7)
    assert window.reset == 1_901
    assert current(window, now=1_900.9) is window
    assert current(window, now=float(window.reset)).used == 0


def test_a_window_takes_exactly_its_limit() -> None:
    window = Window(started=0.0, used=90)
    assert spent(window, events=10, limit=100) == Window(started=0.0, used=100)
    assert spent(window, events=11, limit=100) is None


def test_without_a_limit_everything_fits() -> None:
    assert spent(Window(started=0.0, used=90), events=10**9, limit=None) is not None


def test_both_families_of_headers_say_the_same() -> None:
    assert rate_headers(limit=100, remaining=3, reset=1_900) == {
        "x-rate-limit-limit": "100",
        "x-rate-limit-remaining": "3",
        "x-rate-limit-reset": "1900",
        "x-account-rate-limit-limit": "100",
        "x-account-rate-limit-remaining": "3",
        "x-account-rate-limit-reset": "1900",
    }


def test_a_call_about_no_account_has_one_family_of_headers() -> None:
    headers = rate_headers(limit=5, remaining=-1, reset=1_900, families=(USER_FAMILY,))
    assert headers == {
        "x-rate-limit-limit": "5",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": "1900",
    }


def test_a_window_may_be_shorter_and_keeps_its_length() -> None:
    window = current(None, now=1_000.0, seconds=60)
    after = spent(window, events=1, limit=1)
    assert after == Window(started=1_000.0, used=1, seconds=60)
    assert current(after, now=1_059.9, seconds=60) is after
    assert current(after, now=1_060.0, seconds=60).used == 0
