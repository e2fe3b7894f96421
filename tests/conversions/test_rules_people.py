import hashlib
from urllib.parse import quote

import pyarrow as pa
import pytest
from rows import ADA, ADA_HASH, PHONE, PHONE_HASH, Columns, mapped, misfits

BLANKS = [chr(code) for code in range(0x110000) if chr(code).isspace()]
INVISIBLE = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"]
NOTHING = ["", "null", "none", "nan", "n/a", "NULL", "NONE", "NAN", "N/A", "None", "Nan", "NaN"]
CLICK = "2q8d5m1x7k0c9vz4w6t3r5b8ny"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def found(key: str, columns: Columns, identifiers: str) -> list[str | None]:
    """For each row the identifier as X gets it, else why it was dropped."""
    ok = [CLICK] * len(next(iter(columns.values())))
    rows = mapped({**columns, "ok": ok}, identifiers=identifiers)
    return [_identifier(row["conversion"]["identifiers"], key) or row["dropped"] for row in rows]


def _identifier(objects: list[dict[str, str]], key: str) -> str | None:
    return next((entry[key] for entry in objects if key in entry), None)


def emails(*given: str | None) -> list[str | None]:
    identifiers = "{email: email, twclid: ok}"
    return found("hashed_email", {"email": list(given)}, identifiers)


def hashes(*given: str | None) -> list[str | None]:
    identifiers = "{hashed_email: digest, twclid: ok}"
    return found("hashed_email", {"digest": list(given)}, identifiers)


def clicks(*given: str | None) -> list[str | None]:
    rows = mapped({"click": list(given)}, identifiers="{twclid: click, email: email}")
    return [_identifier(r["conversion"]["identifiers"], "twclid") or r["dropped"] for r in rows]


@pytest.mark.parametrize(
    ("raw", "digest"),
    [
        ("test-email@test.com", "e586883b2b4faf78d48300a79e0e15138d664cdf796ffb86e533170a9893eda8"),
        (
            " Ana.Lima@Example.org ",
            "c380883a7f5bd30f9566377252d7a73542e94bed90a654681412c7a0bfa0d409",
        ),
        ("test@x.com", "5806dc6b2f04fb728708a8f7b81c14edcd4fba36f77914cf0c9368d9a3a25f76"),
        (ADA, ADA_HASH),
    ],
)  # fmt: skip
def test_an_address_has_the_hash_that_x_documents(raw: str, digest: str) -> None:
    assert emails(raw) == [digest]


EMAILS = {
    "ada@example.com": "ada@example.com",
    "ADA@EXAMPLE.COM": "ada@example.com",
    "ada.l.ove+lace@mail.example.co.uk": "ada.l.ove+lace@mail.example.co.uk",
    "ada\x00@example.com": "ada\x00@example.com",
    "o'brien\"\\@example.com": "o'brien\"\\@example.com",
    "\u0130RMA@example.com": "i\u0307rma@example.com",
    "ΟΔΟΣ@example.com": "οδος@example.com",
    "ΟΔΟΣ.Σ@example.com": "ΟΔΟΣ.Σ@example.com".lower(),
    "ada@ΟΔΟΣ.ΕΛ": "ada@οδοσ.ελ",
    "MÜLLER@exämple.de": "müller@exämple.de",
    "STRASSE@example.com": "strasse@example.com",
    "ada@@example.com": None,
    "ada@b@example.com": None,
    "ada@example": None,
    "ada@example.com.": None,
    "ada@.example.com": None,
    "ada@example..com": None,
    "ada@": None,
    "@example.com": None,
    "example.com": None,
    "null": None,
    "Ada <ada@example.com>": None,
    "ada@example.com, bo@example.com": None,
}


def test_an_address_is_lower_cased_as_python_does_and_not_changed_otherwise() -> None:
    expected = [sha256(address) if address else "invalid_email" for address in EMAILS.values()]
    assert dict(zip(EMAILS, emails(*EMAILS), strict=True)) == dict(
        zip(EMAILS, expected, strict=True)
    )


def test_white_space_and_invisible_characters_are_trimmed_at_both_ends() -> None:
    around = [*BLANKS, *INVISIBLE]
    given = [
        text
        for blank in around
        for text in (f"{blank}{ADA}", f"{ADA}{blank}", f"{blank}{blank}{ADA}{blank}")
    ]
    assert set(emails(*given, "\u200b \ufeff\n" + ADA + "\t\u2060\x1c")) == {ADA_HASH}
    assert emails(*around, "", None) == [None] * (len(around) + 2)


def test_white_space_and_invisible_characters_inside_are_invalid() -> None:
    given = [
        text
        for blank in (*BLANKS, *INVISIBLE)
        for text in (
            f"a{blank}da@example.com",
            f"ada@ex{blank}ample.com",
            f"ada@example.c{blank}om",
            f"ada{blank}@example.com",
        )
    ]
    assert set(emails(*given)) == {"invalid_email"}


def test_every_character_is_lower_cased_as_python_does() -> None:
    letters = [c for c in map(chr, range(0x20, 0x20000)) if c.isalpha() and c.lower() != c]
    expected = [sha256(f"x{letter}y@example.com".lower()) for letter in letters]
    assert emails(*(f"x{letter}y@example.com" for letter in letters)) == expected


def test_a_digest_in_the_raw_column_is_taken_as_hashed_and_counted() -> None:
    columns = {"email": [ADA_HASH, f" {ADA_HASH.upper()}\n", ADA, ADA_HASH[:-1]]}
    rows = mapped(
        columns, identifiers="{email: email, ip_address: {value: 1.1.1.1}, user_agent: {value: x}}"
    )
    sent = [_identifier(row["conversion"]["identifiers"], "hashed_email") for row in rows]
    assert sent == [ADA_HASH, ADA_HASH, ADA_HASH, None]
    assert [row["hashed"] for row in rows] == ["email", "email", None, None]
    assert [row["dropped"] for row in rows] == [None, None, None, "invalid_email"]


def test_the_hash_of_nothing_is_dropped() -> None:
    digests = [sha256(word) for word in NOTHING]
    given = [*digests, *(digest.upper() for digest in digests)]
    assert set(emails(*given)) == {"hash_of_nothing"}
    assert set(hashes(*given)) == {"hash_of_nothing"}


def test_a_hash_is_64_hexadecimal_digits() -> None:
    given = (
        ADA_HASH,
        f"\t{ADA_HASH.upper()} ",
        ADA_HASH[:-1],
        f"{ADA_HASH}0",
        f"0x{ADA_HASH[2:]}",
        ADA_HASH[:-1] + "g",
        ADA,
        " ",
        None,
    )
    assert hashes(*given) == [ADA_HASH, ADA_HASH, *["invalid_hash"] * 5, None, None]


@pytest.mark.parametrize(
    ("raw", "hashed"), [("email", "hashed_email"), ("phone", "hashed_phone_number")]
)
def test_a_valid_hash_wins_over_the_raw_value(raw: str, hashed: str) -> None:
    own = {"email": ADA_HASH, "phone": PHONE_HASH}[raw]
    other = sha256("other")
    given = {"email": ADA, "phone": PHONE}[raw]
    columns = {
        "raw": [given, given, given, "nonsense", other, own, None],
        "digest": [other, "nonsense", None, other, own, sha256(""), other],
    }
    rows = mapped(columns, identifiers=f"{{{raw}: raw, {hashed}: digest}}")
    sent = [row["conversion"]["identifiers"] for row in rows]
    assert sent == [[{hashed: digest}] for digest in (other, own, own, other, own, own, other)]
    assert [row["dropped"] for row in rows] == [
        None, "invalid_hash", None, None, None, "hash_of_nothing", None,
    ]  # fmt: skip
    assert [row["hashed"] for row in rows] == [None, None, None, None, None, raw, None]


COOKIE = '{"pixelVersion":"v8","timestamp":1,"twclid":"' + CLICK + '","source":"?twclid=no"}'
CLICKS = {
    CLICK: CLICK,
    f" {CLICK}\n": CLICK,
    "short": "short",
    "UPPER-and_lower.1~": "UPPER-and_lower.1~",
    f"https://shop.example.org/?a=1&twclid={CLICK}&b=2": CLICK,
    f"https://shop.example.org/?twclid={CLICK}#top": CLICK,
    f"https://shop.example.org/#twclid={CLICK}": CLICK,
    f"/landing?twclid={CLICK}": CLICK,
    f"?twclid={CLICK}": CLICK,
    f"twclid={CLICK}": CLICK,
    f"twclid={CLICK}; other=1": CLICK,
    "https://shop.example.org/?twclid=%20a%2Db": "a-b",
    "whatever it is": "whatever it is",
    quote(COOKIE): CLICK,
    quote(COOKIE, safe="").lower(): CLICK,
    COOKIE: CLICK,
    "https://shop.example.org/?gclid=1": "invalid_twclid",
    "https://shop.example.org/?twclid=": "invalid_twclid",
    "https://shop.example.org/?xtwclid=1": "invalid_twclid",
    "https://shop.example.org/?twclid=%ff": "invalid_twclid",
    "https://shop.example.org/?twclid=%20": "invalid_twclid",
    '{"twclid":null}': "invalid_twclid",
    '{"twclid":" a b "}': "a b",
    '{"twclid":""}': "invalid_twclid",
    '{"twclid":" "}': "invalid_twclid",
    '{"twclid":5}': "invalid_twclid",
    '{"twclid":["a"]}': "invalid_twclid",
    '{"other":"x"}': "invalid_twclid",
    '{"twclid":': "invalid_twclid",
    "{": "invalid_twclid",
    "%7Bnonsense": "invalid_twclid",
    "%7B%ff": "invalid_twclid",
    sha256(CLICK): "invalid_twclid",
    sha256(CLICK).upper(): "invalid_twclid",
    f"twclid={sha256(CLICK)}": "invalid_twclid",
    " ": None,
    "": None,
}


def test_a_click_id_is_sent_as_it_is_or_taken_out_of_a_link_or_cookie() -> None:
    assert dict(zip(CLICKS, clicks(*CLICKS), strict=True)) == CLICKS
    assert clicks(None) == [None]


ADDRESSES = {
    "203.0.113.24": "203.0.113.24",
    " 203.0.113.24\n": "203.0.113.24",
    "0.0.0.0": "0.0.0.0",
    "255.255.255.255": "255.255.255.255",
    "2001:db8::8a2e:370:7334": "2001:db8::8a2e:370:7334",
    "2001:0DB8:0000:0000:0000:8A2E:0370:7334": "2001:0DB8:0000:0000:0000:8A2E:0370:7334",
    "::1": "::1",
    "::": "::",
    "::ffff:203.0.113.24": "::ffff:203.0.113.24",
    "fe80::1%eth0": "invalid_ip_address",
    "[::1]": "invalid_ip_address",
    "::1/64": "invalid_ip_address",
    "1::2::3": "invalid_ip_address",
    "12345::": "invalid_ip_address",
    "256.1.1.1": "invalid_ip_address",
    "1.2.3": "invalid_ip_address",
    "1.2.3.4.5": "invalid_ip_address",
    "01.2.3.4": "invalid_ip_address",
    "1.2.3.4:80": "invalid_ip_address",
    "1.2.3.4, 5.6.7.8": "invalid_ip_address",
    "1.2.3.4\x00": "invalid_ip_address",
    "\u0661.2.3.4": "invalid_ip_address",
    "localhost": "invalid_ip_address",
    "unknown": "invalid_ip_address",
    "": None,
}


def test_an_address_is_ipv4_or_ipv6_without_a_zone() -> None:
    identifiers = "{email: email, ip_address: ip}"
    rows = mapped({"ip": list(ADDRESSES)}, identifiers=identifiers)
    sent = [row["conversion"]["identifiers"][0].get("ip_address") or row["dropped"] for row in rows]
    assert dict(zip(ADDRESSES, sent, strict=True)) == ADDRESSES


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("twclid", "it is text"),
        ("email", "it is text"),
        ("hashed_email", "it is text of 64 hexadecimal digits"),
        ("hashed_phone_number", "it is text of 64 hexadecimal digits"),
        ("ip_address", "it is text"),
    ],
)
def test_an_identifier_is_text(name: str, advice: str) -> None:
    columns = {"given": pa.array([1])}
    (told,) = misfits(
        columns,
        identifiers=f"{{{name}: given, twclid: email}}" if name != "twclid" else "{twclid: given}",
    )
    assert told.endswith(f"{name} is BIGINT in the warehouse; {advice}")
