from collections.abc import Callable
from pathlib import Path

import pytest

from connector.errors import ConfigurationError, Exit, Problem
from connector.project import Project, XConnection, load_project

Load = Callable[..., Project]
Problems = Callable[..., list[Problem]]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def copy_of(root: Path, name: str, *, old: str = "", new: str = "") -> Path:
    """Another mapping file, like the first but for one replacement."""
    text = (root / "mappings" / "purchases.yaml").read_text()
    write(root / "mappings" / name, text.replace(old, new) if old else text)
    return root / "mappings" / name


def test_a_project_is_found_where_its_config_stands(root: Path, load: Load) -> None:
    project = load()
    assert (project.path, project.root) == (root / "config.yaml", root)
    assert project.mappings["purchases"].path == "mappings/purchases.yaml"


def test_a_relative_path_to_the_config_is_one_from_the_working_folder(root: Path) -> None:
    environment = {"X_PIXEL_TOKEN": "t0ken"}
    assert load_project(Path("config.yaml"), environment).root == root


def test_a_secret_file_is_relative_to_the_config(
    root: Path,
    load: Load,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    edit(root / "config.yaml", "${X_PIXEL_TOKEN}", "${file:secrets/token}")
    write(root / "secrets" / "token", "from-file\n")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    connection = load().config.connections["x"]
    assert isinstance(connection, XConnection)
    auth = connection.auth
    assert auth.pixel_token is not None
    assert auth.pixel_token.get_secret_value() == "from-file"


def test_mappings_come_in_the_order_of_their_files(root: Path, load: Load) -> None:
    copy_of(root, "z.yaml", old="name: purchases", new="name: a")
    copy_of(root, "b.yml", old="name: purchases\n", new="")
    copy_of(root, "C.YAML", old="name: purchases", new="name: c")
    assert list(load().mappings) == ["c", "b", "purchases", "a"]


def test_other_files_and_hidden_ones_are_no_mappings(root: Path, load: Load) -> None:
    write(root / "mappings" / "purchases.sql", "select 1")
    write(root / "mappings" / ".purchases.yaml", "no: mapping")
    write(root / "mappings" / "purchases.yaml~", "no: mapping")
    write(root / "mappings" / "old" / "more.yaml", "no: mapping")
    assert list(load().mappings) == ["purchases"]


def test_a_project_may_have_no_mappings_yet(root: Path, load: Load) -> None:
    (root / "mappings" / "purchases.yaml").unlink()
    assert load().mappings == {}


def test_the_config_among_its_mappings_is_none(root: Path, load: Load) -> None:
    edit(root / "config.yaml", "connections:", "mappings: .\nconnections:")
    copy_of(root, "../here.yaml", old="name: purchases\n", new="")
    assert list(load().mappings) == ["here"]


def test_a_mapping_takes_its_name_from_its_file(root: Path, load: Load) -> None:
    edit(root / "mappings" / "purchases.yaml", "name: purchases\n", "")
    mapping = load().mappings["purchases"]
    assert mapping.name == "purchases"
    assert mapping.place("name") == (1, 1)


def test_a_file_whose_name_can_be_no_mappings_name_is_told(root: Path, problems: Problems) -> None:
    path = copy_of(root, "My Purchases.yaml", old="name: purchases\n", new="")
    [problem] = problems()
    assert (problem.file, problem.line) == (f"mappings/{path.name}", 1)
    assert problem.message == "'name' is missing, and the file's own name can't stand in for it"


def test_two_mappings_of_one_name_are_told_at_the_second(root: Path, problems: Problems) -> None:
    edit(root / "mappings" / "purchases.yaml", "name: purchases", "tags: [a]\nname: p")
    copy_of(root, "zebra.yaml")
    copy_of(root, "p.yaml", old="name: p\n", new="")
    assert [str(problem) for problem in problems()] == [
        "mappings/purchases.yaml:2:7: name 'p' is taken by mappings/p.yaml",
        "mappings/zebra.yaml:2:7: name 'p' is taken by mappings/p.yaml",
    ]


def test_all_problems_of_all_files_are_told_at_once(root: Path, load: Load) -> None:
    edit(root / "config.yaml", "platform: x_ads", "platform: other")
    copy_of(root, "a.yaml", old="{table: orders}", new="{tabel: orders, cursor: 5}")
    copy_of(root, "b.yaml", old="name: purchases", new="name: [")
    copy_of(root, "c.yaml", old="connection: x", new="connection: y")
    with pytest.raises(ConfigurationError) as caught:
        load(OTHER="x")
    assert caught.value.exit_code == Exit.CONFIGURATION
    assert str(caught.value).splitlines() == [
        "8 problems in 5 files:",
        (
            "config.yaml:7:15: connections.x.platform must be a platform that is known here:"
            " x_ads, tiktok_ads"
        ),
        "config.yaml:10:20: the environment variable X_PIXEL_TOKEN is not set",
        (
            "mappings/a.yaml:2:10: unknown key 'tabel' in source; did you mean 'table'?"
            " known here: query, table, file, cursor, lookback"
        ),
        ("mappings/a.yaml:2:33: source.cursor must be text; what looks like a number needs quotes"),
        "mappings/b.yaml:1:7: this bracket or brace is not closed, or a comma is missing behind it",
        "mappings/c.yaml:1:7: name 'purchases' is taken by mappings/a.yaml",
        (
            "mappings/c.yaml:3:48: destination.connection is no connection of the config"
            " (known there: x)"
        ),
        "mappings/purchases.yaml:1:7: name 'purchases' is taken by mappings/a.yaml",
    ]


def test_conversions_through_a_connection_of_another_platform_are_told_with_their_line(
    root: Path, problems: Problems
) -> None:
    edit(
        root / "config.yaml", "connections:\n",
        "connections:\n  t: {platform: tiktok_ads, advertiser_id: 7, auth: {access_token: a}}\n",
    )  # fmt: skip
    edit(root / "mappings" / "purchases.yaml", "connection: x", "connection: t")
    [problem] = problems()
    assert (problem.file, problem.line) == ("mappings/purchases.yaml", 3)
    assert "destination.connection is of platform tiktok_ads" in problem.message


def test_one_problem_is_told_as_one(root: Path, load: Load) -> None:
    edit(root / "mappings" / "purchases.yaml", "name: purchases", "name: P")
    with pytest.raises(ConfigurationError, match=r"\A1 problem in mappings/purchases.yaml:\n"):
        load()


def test_a_config_that_is_no_yaml_does_not_hide_the_mappings(
    root: Path, problems: Problems
) -> None:
    write(root / "config.yaml", "a: [\n")
    edit(root / "mappings" / "purchases.yaml", "name: purchases", "name: P")
    assert [(problem.file, problem.line) for problem in problems()] == [
        ("config.yaml", 2),
        ("mappings/purchases.yaml", 1),
    ]


def test_a_config_that_is_no_yaml_names_no_folder_to_miss(root: Path, problems: Problems) -> None:
    write(root / "config.yaml", "a: ]\n")
    (root / "mappings").rename(root / "jobs")
    assert [problem.file for problem in problems()] == ["config.yaml"]


def test_two_mappings_without_a_name_are_not_of_one_name(root: Path, problems: Problems) -> None:
    edit(root / "mappings" / "purchases.yaml", "name: purchases", "name:")
    copy_of(root, "other.yaml")
    told = [problem.message.partition(";")[0] for problem in problems()]
    assert told == ["name has no value", "name has no value"]


def test_a_connection_with_a_mistake_is_known_to_the_mappings(
    root: Path, problems: Problems
) -> None:
    edit(root / "config.yaml", "    platform: x_ads\n", "")
    assert [problem.message for problem in problems()] == ["'platform' is missing in connections.x"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "the folder 'mappings' here can't be read: No such file or directory"),
        ("mappings: jobs\n", "the folder named here can't be read: No such file or directory"),
        ("mappings: config.yaml\n", "the folder named here can't be read: Not a directory"),
        ("mappings: [a]\n", "mappings must be text; what looks like a number needs quotes"),
        ("mappings: ${NOT_SET}\n", "the environment variable NOT_SET is not set"),
    ],
)
def test_a_folder_of_mappings_that_is_not_there_is_told(
    written: str, told: str, root: Path, problems: Problems
) -> None:
    (root / "mappings" / "purchases.yaml").unlink()
    (root / "mappings").rmdir()
    config = (root / "config.yaml").read_text()
    write(root / "config.yaml", config + written)
    [problem] = problems()
    assert (problem.message, problem.line) == (told, 11 if written else 1)


def test_a_mapping_that_can_not_be_read_is_told(root: Path, problems: Problems) -> None:
    (root / "mappings" / "folder.yaml").mkdir()
    (root / "mappings" / "gone.yaml").symlink_to(root / "nowhere.yaml")
    assert [str(problem) for problem in problems()] == [
        "mappings/folder.yaml:1:1: the file can't be read: Is a directory",
        "mappings/gone.yaml:1:1: the file can't be read: No such file or directory",
    ]


def test_a_config_that_is_not_there_is_told(root: Path, problems: Problems) -> None:
    (root / "config.yaml").unlink()
    [problem] = problems()
    assert str(problem) == "config.yaml:1:1: the file can't be read: No such file or directory"


def test_files_outside_of_the_working_folder_are_shown_in_full(
    root: Path,
    problems: Problems,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    edit(root / "mappings" / "purchases.yaml", "name: purchases", "name: P")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    [problem] = problems()
    assert problem.file == str(root / "mappings" / "purchases.yaml")


def test_a_secret_is_in_no_error_and_no_repr(root: Path, load: Load) -> None:
    assert "s3cret" not in repr(load(X_PIXEL_TOKEN="s3cret"))
    edit(root / "config.yaml", "x_ads", "${X_PIXEL_TOKEN}")
    edit(root / "config.yaml", "18ce54d4x5t", "'${X_PIXEL_TOKEN}!'")
    edit(root / "config.yaml", "duckdb:///warehouse.duckdb", "${X_PIXEL_TOKEN}")
    with pytest.raises(ConfigurationError) as caught:
        load(X_PIXEL_TOKEN="s3cret\n")
    assert len(caught.value.problems) == 4
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


def with_source_file(root: Path, name: str) -> None:
    edit(root / "mappings" / "purchases.yaml", "{table: orders}", f"{{file: {name}}}")


@pytest.mark.parametrize("name", ["purchases.sql", "../sql/purchases.sql", "link.sql"])
def test_a_source_file_is_relative_to_its_mapping(name: str, root: Path, load: Load) -> None:
    write(root / "mappings" / "purchases.sql", "select * from orders\n")
    write(root / "sql" / "purchases.sql", "select * from orders\n")
    (root / "mappings" / "link.sql").symlink_to(root / "sql" / "purchases.sql")
    with_source_file(root, name)
    file = load().mappings["purchases"].source.file
    assert file is not None
    assert file.text == "select * from orders\n"
    assert file.path.is_relative_to(root.resolve())


def test_a_source_file_may_be_named_in_full_when_it_is_inside(root: Path, load: Load) -> None:
    write(root / "purchases.sql", "select 1")
    with_source_file(root, str(root / "purchases.sql"))
    assert load().mappings["purchases"].source.file is not None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../../outside.sql", "must be inside the project's folder, also behind links"),
        ("/etc/passwd", "must be inside the project's folder, also behind links"),
        ("link.sql", "must be inside the project's folder, also behind links"),
        ("folder/outside.sql", "must be inside the project's folder, also behind links"),
        ("../../nowhere.sql", "must be inside the project's folder, also behind links"),
        ("gone.sql", "names a file that can't be read: No such file or directory"),
        ("../mappings", "names a file that can't be read: Is a directory"),
        ("empty.sql", "names a file that is empty"),
        ("latin.sql", "names a file that can't be read: it is not UTF-8"),
        ('"a\\0b"', "names a file that can't be read: it is not readable as a file"),
        ("loop.sql", "names a file that can't be read: "),
    ],
)
def test_a_source_file_that_is_outside_or_no_file_is_told(
    name: str, told: str, root: Path, problems: Problems, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write(outside / "outside.sql", "select 1")
    write(root.parent / "outside.sql", "select 1")
    (root / "mappings" / "link.sql").symlink_to(outside / "outside.sql")
    (root / "mappings" / "folder").symlink_to(outside)
    (root / "mappings" / "loop.sql").symlink_to(root / "mappings" / "loop.sql")
    write(root / "mappings" / "empty.sql", " \n")
    (root / "mappings" / "latin.sql").write_bytes(b"select '\xe9'")
    with_source_file(root, name)
    [problem] = problems()
    assert problem.line == 2
    assert problem.message.startswith(f"source.file {told}")
