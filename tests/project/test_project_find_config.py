from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.project import find_config


def test_the_config_is_what_the_option_says_before_the_variable(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml", "config.yaml"):
        (tmp_path / name).touch()
    environment = {"CONNECTOR_CONFIG": "b.yaml"}
    assert find_config("a.yaml", environment, tmp_path) == tmp_path / "a.yaml"
    assert find_config(None, environment, tmp_path) == tmp_path / "b.yaml"
    assert find_config(None, {}, tmp_path) == tmp_path / "config.yaml"
    assert find_config(None, {"CONNECTOR_CONFIG": ""}, tmp_path) == tmp_path / "config.yaml"
    assert find_config(str(tmp_path / "a.yaml"), {}, Path("/")) == tmp_path / "a.yaml"


@pytest.mark.parametrize(
    ("option", "environment", "told"),
    [
        ("a.yaml", {"CONNECTOR_CONFIG": "config.yaml"}, "a.yaml (looked for as --config says)"),
        (None, {"CONNECTOR_CONFIG": "b.yaml"}, "b.yaml (looked for as CONNECTOR_CONFIG says)"),
        (None, {}, "config.yaml (looked for without --config and CONNECTOR_CONFIG)"),
        (".", {}, " (looked for as --config says)"),
    ],
)
def test_a_config_that_is_nowhere_is_told_with_where_it_was_looked_for(
    option: str | None, environment: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_config(option, environment, tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert told in str(caught.value)
    assert "`connector init` makes one" in str(caught.value)
