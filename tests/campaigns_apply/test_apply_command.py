"""`connector campaigns apply` and `export` as a shell runs them."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from random import Random

import pytest
from campaigns_apply.conftest import MakeOffice
from campaigns_apply.office import Office
from commands import Call, started
from jsonschema import Draft202012Validator
from rich.cells import cell_len
from shop import Ended, clean_environment


def run(office: Office, *words: str) -> Ended:
    said = words if words[0] == "schema" else ("campaigns", *words)
    call = Call(words=said, folder=str(office.bureau.folder), environment=clean_environment())
    with started(call) as command:
        out, err = command.communicate("")
        assert command.returncode is not None
        return Ended(code=command.returncode, out=out, err=err)


def write(office: Office, text: str, name: str = "ads.yaml") -> None:
    (office.bureau.folder / name).write_text(text, "utf-8")


def test_a_file_is_planned_applied_and_applied_again(office: Office) -> None:
    write(office, office.text(campaigns=1))
    planned = run(office, "apply", "ads.yaml", "--plan")
    assert planned.code == 0, planned.err
    assert "+ campaign spring 0\n" in planned.out
    assert "11 to create\nplan " in planned.out
    assert office.writes() == []
    done = run(office, "apply", "ads.yaml")
    assert done.code == 0, done.err
    assert done.out.endswith("done: 11 of 11 writes\n")
    office.writes()
    again = run(office, "apply", "ads.yaml")
    assert again.code == 0
    assert "nothing to do: X is as the file has it\n" in again.out
    assert office.writes() == []


def test_a_change_reads_from_before_to_after(office: Office) -> None:
    write(office, office.text(campaigns=1, items=1))
    assert run(office, "apply", "ads.yaml").code == 0
    [campaign] = office.bureau.named("campaigns", "spring 0")
    write(office, office.text(campaigns=1, items=1).replace("25.00", "20.00"))
    out = run(office, "apply", "ads.yaml", "--plan").out
    assert f"~ campaign spring 0 ({campaign['id']})\n" in out
    assert "      daily_budget_amount_local: 25.00 → 20.00 USD\n" in out
    assert "1 to change\n" in out


def test_a_plan_fits_a_hundred_columns_whatever_the_names_are(office: Office) -> None:
    office.tweets = office.tweets[:15]
    text = office.text(campaigns=1, items=1, ads=15)
    write(office, text.replace("spring 0", "春" * 120).replace("pots 0", "pots " * 40))
    out = run(office, "apply", "ads.yaml", "--plan").out
    assert max(cell_len(line) for line in out.splitlines()) <= 100
    assert out.count("春") >= 120
    assert out.count("\n") < 40


def test_a_name_by_somebody_else_does_not_steer_the_terminal(office: Office) -> None:
    write(office, office.text(campaigns=1, items=1))
    assert run(office, "apply", "ads.yaml").code == 0
    [item] = office.bureau.named("line_items", "pots 0")
    office.bureau.stranger.line_item(
        campaign_id=item["campaign_id"], name="\x1b[31mred\x1b]0;title\x07"
    )
    out = run(office, "apply", "ads.yaml", "--plan").out
    assert "\x1b" not in out
    assert "! line item \ufffd[31mred" in out


def test_json_has_the_plan_and_what_came_of_it(office: Office) -> None:
    write(office, office.text(campaigns=1))
    planned = run(office, "apply", "ads.yaml", "--plan", "--json").json
    assert (planned["status"], planned["applied"], planned["written"]) == ("succeeded", False, 0)
    assert planned["counts"] == {"create": 11, "update": 0, "delete": 0, "unmanaged": 0}
    done = run(office, "apply", "ads.yaml", "--json")
    assert done.code == 0, done.err
    assert (done.json["applied"], done.json["written"]) == (True, 11)
    assert done.json["plan"] == planned["plan"]
    assert all(one["id"] for one in done.json["changes"])


def test_nobody_raises_a_budget_unasked_but_whoever_says_yes(office: Office) -> None:
    write(office, office.text(campaigns=1, items=1))
    assert run(office, "apply", "ads.yaml").code == 0
    write(office, office.text(campaigns=1, items=1).replace("25.00", "30.00"))
    office.writes()
    refused = run(office, "apply", "ads.yaml")
    assert refused.code == 2
    assert "this lets more be spent, and nobody is here to agree to it" in refused.err
    assert "more may be spent: campaign spring 0 (" in refused.out
    assert office.writes() == []
    agreed = run(office, "apply", "ads.yaml", "--yes")
    assert agreed.code == 0, agreed.err
    assert office.writes() == ["campaigns"]


def test_nothing_is_deleted_unasked(office: Office) -> None:
    write(office, office.text(campaigns=1))
    assert run(office, "apply", "ads.yaml").code == 0
    write(office, office.text(campaigns=1, items=1))
    kept = run(office, "apply", "ads.yaml")
    assert kept.code == 0
    assert "1 not in the file\n" in kept.out
    refused = run(office, "apply", "ads.yaml", "--prune")
    assert refused.code == 2
    assert "this deletes 5 for good, and nobody is here" in refused.err
    assert run(office, "apply", "ads.yaml", "--prune", "--yes").code == 0
    assert office.bureau.named("line_items", "pots 1") == []


def test_a_plan_of_before_is_applied_only_while_it_holds(office: Office) -> None:
    write(office, office.text(campaigns=1, items=1))
    digest = run(office, "apply", "ads.yaml", "--plan", "--json").json["plan"]
    office.bureau.stranger.campaign(name="spring 0")
    office.writes()
    refused = run(office, "apply", "ads.yaml", "--if-plan", digest)
    assert refused.code == 2
    assert f"and not {digest}: what the file says or what is at X has changed" in refused.err
    assert office.writes() == []
    now = run(office, "apply", "ads.yaml", "--plan", "--json").json["plan"]
    assert run(office, "apply", "ads.yaml", "--if-plan", now).code == 0


def test_a_file_with_mistakes_ends_with_2_before_anything_is_asked(office: Office) -> None:
    write(office, office.text(campaigns=1).replace("25.00", "cheap"))
    office.writes()
    ended = run(office, "apply", "ads.yaml")
    assert ended.code == 2
    assert "ads.yaml:4:32: campaigns.0.daily_budget_amount_local must be an amount" in ended.err
    assert office.bureau.asked("GET") == []
    assert run(office, "apply", "other.yaml").code == 2


def test_a_file_for_one_connection_is_not_applied_to_another(office: Office) -> None:
    write(office, f"connection: shop\n{office.text(campaigns=1)}")
    ended = run(office, "apply", "ads.yaml", "--connection", "x")
    assert ended.code == 2
    assert "is for connection shop, and --connection says x" in ended.err
    assert "there is no connection 'shop'" in run(office, "apply", "ads.yaml").err


def test_a_connection_that_is_not_live_shows_what_it_would_send(office: Office) -> None:
    office.bureau.configure(live="false")
    write(office, office.text(campaigns=2, status="ACTIVE"))
    ended = run(office, "apply", "ads.yaml")
    assert ended.code == 0, ended.err
    assert "connection x is not live" in ended.err
    joined = " ".join(ended.out.split())
    assert "would be sent, 9 requests: POST …/campaigns (create) 2, POST …/line_items" in joined
    assert office.writes() == []


def test_what_is_refused_ends_with_2_and_says_what_was_done(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    write(office, text.replace("LOCATION, targeting_value: place1", "X, targeting_value: place1"))
    ended = run(office, "apply", "ads.yaml", "--json")
    assert ended.code == 2
    assert (ended.json["status"], ended.json["exit_code"]) == ("misconfigured", 2)
    assert ended.json["written"] == 2
    assert ended.json["error"] in ended.err
    assert "it is the targeting X place1" in ended.err


def test_what_is_exported_is_applied_with_nothing_to_do(office: Office) -> None:
    write(office, office.text(campaigns=2))
    assert run(office, "apply", "ads.yaml").code == 0
    ids = [office.bureau.named("campaigns", f"spring {one}")[0]["id"] for one in (0, 1)]
    printed = run(office, "export", *ids)
    assert printed.code == 0, printed.err
    assert run(office, "export", *ids, "-o", "mine.yaml").code == 0
    written = (office.bureau.folder / "mine.yaml").read_text("utf-8")
    assert written == printed.out
    planned = run(office, "apply", "mine.yaml", "--plan", "--prune", "--json")
    assert planned.json["changes"] == []


def test_a_file_that_is_there_is_not_written_over_unless_that_is_said(office: Office) -> None:
    id_ = office.bureau.stranger.campaign()["id"]
    write(office, "mine", "mine.yaml")
    refused = run(office, "export", id_, "-o", "mine.yaml")
    assert refused.code == 2
    assert "mine.yaml is there already; --force writes over it" in refused.err
    assert run(office, "export", id_, "-o", "mine.yaml", "--force").code == 0
    assert id_ in (office.bureau.folder / "mine.yaml").read_text("utf-8")
    assert run(office, "export", id_, "-o", "nowhere/mine.yaml").code == 8
    assert run(office, "export", "zzzzz").code == 2


def test_an_export_names_the_schema_that_lies_beside_it(office: Office) -> None:
    schema = run(office, "schema", "campaigns")
    Draft202012Validator.check_schema(json.loads(schema.out))
    write(office, schema.out, "campaigns.schema.json")
    id_ = office.bureau.stranger.campaign()["id"]
    assert run(office, "export", id_, "-o", "mine.yaml").code == 0
    first = (office.bureau.folder / "mine.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=campaigns.schema.json"
    assert run(office, "apply", "mine.yaml", "--plan").code == 0


@pytest.mark.parametrize("seed", range(2))
def test_a_command_that_is_killed_is_finished_by_the_next(
    make_office: MakeOffice, seed: int
) -> None:
    office = make_office(seed=seed)
    random = Random(seed)
    write(office, office.text(campaigns=2, status="ACTIVE"))
    call = Call(
        words=("campaigns", "apply", "ads.yaml", "--yes", "-v"),
        folder=str(office.bureau.folder), environment=clean_environment(),
    )  # fmt: skip
    with started(call) as command:
        _steps(command.stderr.readline, random.randint(5, 60))
        command.kill()
        command.communicate()
    ended = run(office, "apply", "ads.yaml", "--yes")
    assert ended.code == 0, ended.err
    office.writes()
    assert run(office, "apply", "ads.yaml", "--json").json["changes"] == []
    assert office.writes() == []
    assert office.bureau.twice() == {}


def _steps(line: Callable[[], str], count: int) -> None:
    """Read so many lines of a log, or what there is."""
    for _ in range(count):
        if not line():
            return


def _at_a_terminal(office: Office, *words: str, typed: str) -> tuple[int, str]:
    """The command before somebody who answers its question; all that they see."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "connector", "campaigns", *words]
    with subprocess.Popen(
        command, cwd=office.bureau.folder, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        seen, deadline, is_asked = "", time.monotonic() + 60, False
        while time.monotonic() < deadline:
            if not select.select([controller], [], [], 1)[0]:
                continue
            try:
                seen += os.read(controller, 4096).decode("utf-8", "replace")
            except OSError:
                break
            if "[y/N]" in seen and not is_asked:
                is_asked = True
                os.write(controller, typed.encode())
        code = process.wait(timeout=60)
    os.close(controller)
    return code, seen


@pytest.mark.parametrize(("typed", "code", "writes"), [("y\n", 0, 1), ("\n", 7, 0)])
def test_a_person_is_asked_before_a_budget_rises(
    office: Office, typed: str, code: int, writes: int
) -> None:
    write(office, office.text(campaigns=1, items=1))
    assert run(office, "apply", "ads.yaml").code == 0
    write(office, office.text(campaigns=1, items=1).replace("25.00", "30.00"))
    office.writes()
    ended, seen = _at_a_terminal(office, "apply", "ads.yaml", typed=typed)
    assert ended == code, seen
    assert "This lets more be spent. Apply it? [y/N]" in seen
    assert len(office.writes()) == writes
