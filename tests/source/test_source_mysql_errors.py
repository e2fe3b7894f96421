"""What goes wrong with MariaDB is told without a password or a value of a row."""

from collections.abc import Callable
from urllib.parse import quote

import pyarrow as pa
import pytest
from servers import Server

from connector.errors import ConfigurationError, UnreachableError
from connector.source.mysql import parameters_of

Read = Callable[..., pa.Table]
Make = Callable[..., str]


def test_a_mistake_in_a_query_is_told(mariadb_numbers: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="Unknown column 'ss'") as told:
        read(mariadb_numbers, query="select ss from t")
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    ("expression", "number"),
    [("json_value(raise_it(s), '$')", 1644), ("(select i from t where i < 4)", 1242)],
)
def test_an_error_over_the_rows_holds_none_of_their_values(
    mariadb_with: Make, read: Read, expression: str, number: int
) -> None:
    url = mariadb_with(
        "create table t as select seq as i, 'secret' as s from seq_1_to_5",
        "create function raise_it(t text) returns text begin"
        " signal sqlstate '45000' set message_text = t; return t; end",
        "grant execute on *.* to reader@'%'",
    )
    with pytest.raises(ConfigurationError, match=str(number)) as told:
        read(url, query=f"select {expression} as x from t")
    assert "secret" not in str(told.value)
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        (("hunter2", "wrong-hunter3"), ConfigurationError, "Access denied"),
        (("reader:", "nobody:"), ConfigurationError, "Access denied"),
        (("/shop", "/closed"), ConfigurationError, "closed"),
        (("127.0.0.1", "no-such-host.invalid"), UnreachableError, "cannot be opened"),
    ],
)
def test_why_there_is_no_connection_is_told_without_the_password(
    mariadb_numbers: str, read: Read, change: tuple[str, str], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told) as refused:
        read(mariadb_numbers.replace(*change), table="t")
    assert "hunter" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("password", ["é", "pass€wörd", "п@роль"])
def test_a_password_may_have_any_signs(mariadb_with: Make, read: Read, password: str) -> None:
    url = mariadb_with(
        f"create or replace user abroad@'%' identified by '{password}'",
        "grant select on *.* to abroad@'%'",
    )
    account = f"abroad:{quote(password)}@"
    assert read(url.replace("reader:hunter2@", account), query="select 7 as i").num_rows == 1


def test_a_certificate_that_is_not_there_is_told(mariadb_numbers: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read(f"{mariadb_numbers}?ssl_ca=/no/such/file", table="t")


def test_a_server_without_encryption_is_out_of_reach_where_that_is_asked_for(
    mariadb_numbers: str, read: Read
) -> None:
    with pytest.raises(UnreachableError, match="SSL"):
        read(f"{mariadb_numbers}?ssl_verify_cert=true", table="t")


@pytest.mark.parametrize(
    "rest",
    [
        "reader:hun/ter2@host/shop",
        "reader:12/ter2@host/shop",
        "reader:12?hunter2=1@host/shop",
        "reader:hunter2@[::1/shop",
        "reader:hunter2@host:port/shop",
        "reader:hunter2@host/shop#ter2",
        "reader:hunter2@host/shop?ter2=ter2",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(rest: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parameters_of(f"mysql+pymysql://{rest}")
    assert "hun" not in str(refused.value)


def test_a_url_may_have_options_of_the_client() -> None:
    url = "mysql://r%40x:a%2Fb@db.example.com:3307/shop?ssl_ca=/ca.pem&ssl_verify_cert=true"
    assert parameters_of(f"{url}&ssl_disabled=0&charset=latin1") == {
        "user": "r@x", "password": b"a/b", "host": "db.example.com", "port": 3307,
        "database": "shop", "ssl_ca": "/ca.pem", "ssl_verify_cert": True, "ssl_disabled": False,
    }  # fmt: skip


def test_the_servers_own_time_limit_holds_and_is_named(mariadb_server: Server, read: Read) -> None:
    url = mariadb_server.database(
        "create or replace user hurried@'%' identified by 'hunter2'",
        "grant select on *.* to hurried@'%' with max_statement_time 0.3",
    )
    with pytest.raises(ConfigurationError, match="time limit"):
        read(url.replace("reader:", "hurried:"), query="select benchmark(1e11, md5('x')) as x")
