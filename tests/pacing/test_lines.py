"""Lines of a project: what they share, and what `connections show` tells of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pacing.projects import project_of
from pacing.test_reading import asked_of
from pydantic import SecretStr
from waiting import Person

from connector import api
from connector.api.lines import budgets_opened, tiktok_line, x_line
from connector.api.stored import access_of_kept, tiktok_token, vault_opened, x_access
from connector.credentials import Connection, Kept, OAuth2Tokens
from connector.errors import UnreachableError
from connector.project import Project, TikTokConnection, XConnection
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.state import database
from connector.tiktok import accounts as tiktok_accounts
from connector.x import accounts
from connector.x.calling import Access, Bearer, Signing, client_of, user_of


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A project, its platforms, and who waits there."""

    project: Project
    address: Address
    person: Person
    edges: api.Edges

    @property
    def x(self) -> XConnection:
        found = self.project.config.connections["x"]
        assert isinstance(found, XConnection)
        return found

    @property
    def tok(self) -> TikTokConnection:
        found = self.project.config.connections["tok"]
        assert isinstance(found, TikTokConnection)
        return found

    @property
    def access(self) -> Access:
        with vault_opened(self.project) as vault:
            found = x_access(vault, "x", self.x, self.edges)
        assert isinstance(found, Signing)
        return found

    def asked(self) -> Counter[str]:
        return asked_of(self.address)

    def shown(self, name: str = "x") -> dict[str, dict[str, Any]]:
        found = api.show_connection(self.project, name, self.edges)["budgets"]
        return {each["budget"]: each for each in found}


MakeScene = Callable[..., Scene]


@pytest.fixture
def make_scene(tmp_path: Path) -> Iterator[MakeScene]:
    with ExitStack() as stack:

        def make(*, has_state: bool = True, **settings: Any) -> Scene:  # noqa: ANN401 - whatever the settings take
            person = Person()
            address = stack.enter_context(running(Settings(**settings), clock=lambda: person.now))
            project = project_of(tmp_path, address)
            if has_state:
                api.init_state(project)
            edges = api.Edges(
                now=lambda: datetime.fromtimestamp(person.now, UTC), pause=person.pause
            )
            return Scene(project=project, address=address, person=person, edges=edges)

        yield make


def test_many_lines_share_one_answer_of_what_comes_five_times_in_a_quarter_of_an_hour(
    make_scene: MakeScene,
) -> None:
    scene = make_scene(further_accounts=2)
    for _ in range(7):
        with x_line(scene.x, scene.edges, project=scene.project) as line:
            found = accounts.accounts(line, scene.access)
            assert (len(found), found[0].name) == (3, "Garden shop")
            assert found[0].timezone
    assert scene.asked()["/12/accounts"] == 1
    scene.person.now += 900
    with x_line(scene.x, scene.edges, project=scene.project) as line:
        accounts.accounts(line, scene.access)
    assert scene.asked()["/12/accounts"] == 2


def test_a_person_waits_a_minute_and_a_cron_job_as_long_as_it_says(make_scene: MakeScene) -> None:
    scene = make_scene(limits={"account_reads": 3})
    scene_id = scene.x.ad_account_id
    with x_line(scene.x, scene.edges, project=scene.project) as line:
        for _ in range(3):
            accounts.account(line, scene.access, scene_id)
        with pytest.raises(UnreachableError, match="not sent: the limit is used up"):
            accounts.account(line, scene.access, scene_id)
        accounts.roles(line, scene.access, scene_id)
    with x_line(scene.x, scene.edges, project=scene.project, patience=1_000) as line:
        accounts.account(line, scene.access, scene_id)
    assert scene.person.paused == pytest.approx([900], abs=3)


def test_show_tells_reads_as_x_told_them(make_scene: MakeScene) -> None:
    scene = make_scene()
    assert set(scene.shown()) == {"conversion_events", "writes"}
    with x_line(scene.x, scene.edges, project=scene.project) as line:
        for _ in range(2):
            accounts.account(line, scene.access, scene.x.ad_account_id)
        accounts.accounts(line, scene.access)
    reset = datetime.fromtimestamp(scene.person.now + 902, UTC).isoformat()
    assert scene.shown()["reads accounts/:id"] == {
        "budget": "reads accounts/:id", "limit": 2_000, "seconds": 900.0, "used": 2,
        "left": 1_998, "resets_at": reset,
    }  # fmt: skip
    assert scene.shown()["reads accounts"]["left"] == 4
    scene.person.now += 3_600
    later = scene.shown()["reads accounts"]
    assert (later["used"], later["left"], later["resets_at"]) == (0, 5, None)


def test_show_tells_nothing_of_other_accounts_and_other_users(make_scene: MakeScene) -> None:
    scene = make_scene(further_accounts=1)
    other = list(scene.address.world.accounts)[-1]
    stranger = Bearer(token="other", client="app", user="4711")
    with x_line(scene.x, scene.edges, project=scene.project) as line:
        accounts.account(line, scene.access, other)
        with pytest.raises(Exception, match="X Ads GET accounts"):
            accounts.accounts(line, stranger)
    assert set(scene.shown()) == {"conversion_events", "writes"}


def test_show_tells_the_requests_to_tiktok(make_scene: MakeScene) -> None:
    scene = make_scene()
    with vault_opened(scene.project) as vault:
        token = tiktok_token(vault, "tok", scene.tok, scene.edges)
    with tiktok_line(scene.tok, scene.edges, project=scene.project) as line:
        for _ in range(3):
            tiktok_accounts.probe(line, token)
    assert list(scene.shown("tok").values()) == [
        {"budget": "requests", "limit": 10, "seconds": 1.0, "used": 3, "left": 7,
         "resets_at": None},
    ]  # fmt: skip


def test_without_a_state_or_a_project_nothing_is_shared(make_scene: MakeScene) -> None:
    scene = make_scene(has_state=False)
    for project in (None, scene.project):
        with x_line(scene.x, scene.edges, project=project) as line:
            assert line.pacing is None
            accounts.accounts(line, scene.access)
        with tiktok_line(scene.tok, scene.edges, project=project) as other:
            assert other.pacing is None
    assert scene.asked()["/12/accounts"] == 2
    assert scene.shown("tok")["requests"]["used"] == 0


def test_a_state_that_is_open_is_used(make_scene: MakeScene) -> None:
    scene = make_scene()
    with (
        database.opened(scene.project.root / "state" / "connector.db") as state,
        budgets_opened(scene.project, scene.edges, state) as opened,
    ):
        assert opened is not None
        assert opened.state is state


def test_no_secret_and_no_id_of_an_app_comes_into_the_state(make_scene: MakeScene) -> None:
    scene = make_scene()
    with x_line(scene.x, scene.edges, project=scene.project) as line:
        accounts.accounts(line, scene.access)
        accounts.account(line, scene.access, scene.x.ad_account_id)
    with database.opened(scene.project.root / "state" / "connector.db") as state:
        kept = repr(state.read("select * from meta") + state.read("select * from budgets"))
    assert "Garden shop" in kept
    oauth1 = scene.address.describe()["oauth1"]
    assert isinstance(oauth1, dict)
    assert [secret for secret in oauth1.values() if secret in kept] == []


def test_what_is_stored_is_counted_by_what_no_renewal_changes(make_scene: MakeScene) -> None:
    scene = make_scene()
    auth = scene.x.auth.model_copy(update={"client_id": SecretStr("an-app")})
    connection = scene.x.model_copy(update={"auth": auth})
    facts = Connection(name="x", platform="x_ads", identity="4711")
    kept = [
        Kept(
            connection=facts, secret=OAuth2Tokens(access_token=token, expires_at=scene.edges.now())
        )
        for token in ("a", "b")
    ]
    first, second = (access_of_kept(one, connection) for one in kept)
    assert isinstance(first, Bearer)
    assert isinstance(second, Bearer)
    assert first.token != second.token
    assert (client_of(first), user_of(first)) == (client_of(second), user_of(second))
    assert access_of_kept(kept[0], scene.x) == Bearer(token="a")
