import ast
from pathlib import Path

import pytest
import requests

import connector.simulator
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

SOURCES = sorted(Path(connector.simulator.__path__[0]).glob("*.py"))


def test_a_path_x_does_not_have_is_no_route(shared: Address) -> None:
    for path in ("/12/measurement/conversions", "/10/measurement/conversions/o8z6j", "/nowhere"):
        answer = requests.post(f"{shared.url}{path}", timeout=5)
        assert answer.status_code == 404
        assert answer.json() == {
            "errors": [
                {"code": "ROUTE_NOT_FOUND", "message": "The requested resource could not be found"},
            ],
            "request": {"params": {}},
        }
        assert answer.headers["x-current-api-version"] == "12"


def test_a_path_x_does_not_have_may_be_told_in_html() -> None:
    with running(Settings(modes=frozenset({"html_errors"}))) as address:
        answer = requests.get(f"{address.url}/12/nowhere", timeout=5)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_method_the_route_does_not_have_gets_405(shared: Address, method: str) -> None:
    url = f"{shared.url}/12/measurement/conversions/o8z6j"
    answer = requests.request(method, url, timeout=5)
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["code"] == "METHOD_NOT_ALLOWED"


def test_nothing_is_redirected(shared: Address) -> None:
    url = f"{shared.url}/12/measurement/conversions/o8z6j/"
    answer = requests.post(url, timeout=5, allow_redirects=False)
    assert answer.status_code == 404


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_simulator_imports_nothing_of_the_product(source: Path) -> None:
    imported = [
        name
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]
    own = [name for name in imported if name.split(".")[0] == "connector"]
    assert all(name.startswith("connector.simulator") for name in own)
