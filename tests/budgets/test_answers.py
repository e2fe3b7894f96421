"""Answers that come seldom, shared by processes over one state."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from waiting import Person

from connector.budgets.answers import AGE_SECONDS, Rows, StateAnswers
from connector.errors import CredentialsError, UnreachableError
from connector.state import database
from connector.state.lock import named_lock
from connector.state.place import Place

FOUND: Rows = [{"id": "18ce54d4x5t", "name": "Garden shop", "timezone": "Europe/Berlin"}]
Open = Callable[..., StateAnswers]


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def answers(place: Place, person: Person) -> Iterator[Open]:
    """Opens the answers of one more process."""
    with ExitStack() as stack:

        def open_answers(*, target: str = "x", patience: float = 60) -> StateAnswers:
            state = stack.enter_context(database.opened(place))
            return StateAnswers(target=target, database=state, waiting=person.waiting(patience))

        yield open_answers


def asking(asked: list[int]) -> Callable[[], Rows]:
    def ask() -> Rows:
        asked.append(1)
        return FOUND

    return ask


def test_an_answer_is_asked_for_once_by_all(answers: Open) -> None:
    asked: list[int] = []
    for _ in range(3):
        assert answers().shared("accounts a b", asking(asked)) == FOUND
    assert len(asked) == 1


def test_an_empty_answer_is_one(answers: Open) -> None:
    assert answers().shared("accounts a b", list) == []
    assert answers().shared("accounts a b", lambda: FOUND) == []


def test_other_users_and_other_targets_ask_for_themselves(answers: Open) -> None:
    asked: list[int] = []
    answers().shared("accounts a b", asking(asked))
    answers().shared("accounts a c", asking(asked))
    answers(target="http://127.0.0.1:8490").shared("accounts a b", asking(asked))
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("seconds", "times"), [(AGE_SECONDS - 1, 1), (AGE_SECONDS, 2), (-1.0, 2), (10.0**9, 2)]
)
def test_an_answer_that_is_too_old_or_of_the_future_is_asked_for_again(
    answers: Open, person: Person, seconds: float, times: int
) -> None:
    asked: list[int] = []
    answers().shared("accounts a b", asking(asked))
    person.now += seconds
    answers().shared("accounts a b", asking(asked))
    assert len(asked) == times


def test_what_is_too_old_is_forgotten_and_the_version_of_the_tables_is_not(
    answers: Open, person: Person, place: Place
) -> None:
    answers().shared("accounts a old", lambda: FOUND)
    person.now += AGE_SECONDS
    answers().shared("accounts a new", lambda: FOUND)
    with database.opened(place) as state:
        kept = dict(state.read("select key, value from meta"))
    assert kept.keys() == {"schema_version", "answer x accounts a new"}
    assert json.loads(kept["answer x accounts a new"]) == {"at": person.now, "rows": FOUND}


def test_a_refusal_is_not_kept_and_the_next_one_asks(answers: Open) -> None:
    def refuse() -> Rows:
        raise CredentialsError("no")

    with pytest.raises(CredentialsError):
        answers().shared("accounts a b", refuse)
    assert answers().shared("accounts a b", lambda: FOUND) == FOUND


def test_whoever_comes_at_the_same_time_waits_for_the_answer(place: Place) -> None:
    asked: list[int] = []
    found: list[Rows] = []

    def slowly() -> Rows:
        time.sleep(0.3)
        return asking(asked)()

    def share() -> None:
        waiting = replace(Person().waiting(60), pause=time.sleep)
        with database.opened(place) as state:
            own = StateAnswers(target="x", database=state, waiting=waiting)
            found.append(own.shared("accounts a b", slowly))

    threads = [threading.Thread(target=share) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [FOUND] * 4
    assert len(asked) == 1


def test_who_asks_for_too_long_is_not_waited_for(answers: Open, place: Place) -> None:
    with named_lock(place, "answer x accounts a b") as lock:
        assert lock.take()
        with pytest.raises(UnreachableError, match="another process"):
            answers(patience=5).shared("accounts a b", lambda: FOUND)
