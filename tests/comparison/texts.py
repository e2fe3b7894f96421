"""Texts as warehouses hold them: blanks of every kind, quotes, signs, and what people paste."""

import hashlib
import json
from urllib.parse import quote

from hypothesis import strategies as st

Texts = st.SearchStrategy[str]

BLANKS = (
    " ", "\t", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\u00a0", "\u1680", "\u2009",
    "\u2028", "\u2029", "\u202f", "\u3000", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff",
)  # fmt: skip
ODD = (
    "\0", "\x01", "\x7f", "\x80", "\x9f", "\u0130", "\u0131", "\u017f", "\u00df", "\u1e9e",
    "\u03a3", "\u03c3", "\u03c2", "\u0301", "\u180e", "\u00ad", "\u200e", "\u2061", "\ue000",
    "\U0001f600", "\U0010ffff", '"', "'", "\\", "`", "$", "%", "{", "}", "[", "]", "<", "&", ";",
    "?", "#", "=", "/", "+", "-", ".", ",", "_", "@",
)  # fmt: skip
WORDS = (
    "",
    "null",
    "none",
    "nan",
    "n/a",
    "NULL",
    "NONE",
    "NAN",
    "N/A",
    "None",
    "Null",
    "NaN",
    "Nan",
)
LONG = st.integers(1_000, 9_000)

blanks: Texts = st.lists(st.sampled_from(BLANKS), max_size=3).map("".join)
characters: Texts = st.one_of(
    st.sampled_from(BLANKS), st.sampled_from(ODD), st.characters(exclude_categories=["Cs"])
)
anything: Texts = st.one_of(
    st.lists(st.one_of(characters, st.sampled_from("abcXYZ019")), max_size=8).map("".join),
    st.tuples(st.sampled_from(("x", "\u00e9", "\U0001f600", '"', " x")), LONG).map(
        lambda pair: pair[0] * (pair[1] // len(pair[0]))
    ),
)


def joined(*parts: Texts) -> Texts:
    return st.tuples(*parts).map("".join)


def around(texts: Texts) -> Texts:
    """The texts, some of them between blanks."""
    return st.one_of(texts, joined(blanks, texts, blanks))


def spoilt(texts: Texts) -> Texts:
    """The texts with one character too many somewhere."""

    def spoil(parts: tuple[str, str, int]) -> str:
        said, char, place = parts
        at = place % (len(said) + 1)
        return said[:at] + char + said[at:]

    return st.tuples(texts, characters, st.integers(0, 80)).map(spoil)


def mixed(right: Texts, *wrong: Texts) -> Texts:
    """Half of them right, but for the blanks around them."""
    return st.one_of(around(right), around(right), *wrong, spoilt(right), blanks)


def digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()


def cased(texts: Texts) -> Texts:
    return st.one_of(texts, texts.map(str.upper), texts.map(str.title))


names: Texts = st.lists(
    st.sampled_from((*"abcABC019._+-'\u0130\u03a3\u00df\u0391\u00e9\u017f",)),
    min_size=1, max_size=6,
).map("".join)  # fmt: skip
domains: Texts = st.sampled_from(
    ("example.com", "Example.CO.UK", "b\u00fccher.example", "\u0391\u03a3.gr", "\u0130x.org", "a.b")
)
addresses: Texts = joined(names, st.just("@"), domains)
emails: Texts = mixed(
    addresses,
    addresses.map(digest),
    joined(names, st.just("@"), st.sampled_from(("", "x", ".com", "b.", "a..b", "a@b.c", "b.c."))),
    joined(st.just("@"), domains),
    anything,
    cased(st.sampled_from(WORDS)),
)

digests: Texts = st.one_of(addresses.map(digest), st.sampled_from(WORDS).map(digest))
hashes: Texts = mixed(
    cased(digests),
    digests.map(lambda said: said[:-1]),
    digests.map(lambda said: said + "0"),
    digests.map(lambda said: "g" + said[1:]),
    digests.map(lambda said: "\u0660" + said[1:]),
    anything,
)

phones: Texts = mixed(
    st.sampled_from(
        (
            "+16502530000", "(650) 253-0000", "650.253.0000", "1 650 253 0000", "650 253 0000 x12",
            "+44 20 7946 0958", "020 7946 0958", "+49 (0)30 901820", "030 901820", "+351912345678",
            "912 345 678", "0049 30 901820", "+41446681800", "+393312345678", "06 698 12345",
            "\uff0b16502530000", "tel:+1-650-253-0000", "1-800-FLOWERS", "+1 650 253 0000 ext. 9",
        )
    ),
    st.sampled_from(("+1", "123", "+123456789012345678", "0", "+", "++16502530000", "+1650253000")),
    st.from_regex(r"\+?[0-9 ()-]{4,16}", fullmatch=True),
    digests,
    anything,
)  # fmt: skip
regions: Texts = st.sampled_from(
    ("US", "GB", "DE", "PT", "IT", "CH", "us", " US ", "XX", "", "USA", "001", "\u0130T")
)

plain_clicks: Texts = st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=26)
links: Texts = st.tuples(
    st.sampled_from(
        ("https://shop.example.org/", "http://x.com/a", "/landing", "", "HTTPS://A.B/")
    ),
    st.sampled_from(("?", "?a=1&", "#a&", "?b=%20&amp;", "?xtwclid=no&", "?TWCLID=no&")),
    st.sampled_from(("twclid=", "twclid", "Twclid=", "twclid=%32", "twclid=&x=")),
    plain_clicks,
    st.sampled_from(
        ("", "&c=d", "#end", "&twclid=second", " ", "%26", "%zz", "%f", "%ff", "+x", ";x")
    ),
).map("".join)
cookies: Texts = st.tuples(
    st.one_of(plain_clicks, digests, st.sampled_from(("", " ", 5, None, True, "a b", 'q"', ["x"]))),
    st.sampled_from(("twclid", "TWCLID", "pixelVersion")),
    st.booleans(),
).map(
    lambda made: (quote if made[2] else str)(
        json.dumps({"pixelVersion": "1", made[1]: made[0], "timestamp": 1})
    )
)
twclids: Texts = mixed(
    plain_clicks,
    links,
    cookies,
    cookies.map(lambda said: said[:-2]),
    cased(digests),
    st.sampled_from(("https://shop.example.org/", "twclid", "{}", "[]", "%7B", "a b", "%zz")),
    anything,
)

addresses_of_hosts: Texts = mixed(
    st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str)),
    st.sampled_from(
        (
            "256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.4/24", "::", "::1", "1::2::3",
            "::ffff:1.2.3.4", "::FFFF:102:304", "fe80::1%eth0", "fe80::1%", "[::1]", "1.2.3.4:80",
            "2001:DB8::A", "12345::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::",
            ":1:2:3:4:5:6:7", "::1.2.3.256", "1.2.3.4, 5.6.7.8", "unknown", "0.0.0.0", "0x7f.1",
            "\u0661.2.3.4", "1.2.3.\u0664", "1.2.3.4\0", "::%1%2", "1:2:3:4:5:6:1.2.3.4",
        )
    ),
    anything,
)  # fmt: skip
agents: Texts = mixed(
    st.sampled_from(("Mozilla/5.0 (X11; Linux x86_64)", 'Agent "7"', "a\\b", "a\tb", "a\0b")),
    anything,
)
prose: Texts = mixed(
    st.one_of(
        st.sampled_from(("garden order", "caf\u00e9", 'said "hi"', "C:\\new", "a@b", "@home")),
        joined(
            st.sampled_from(("to ", "<", "mail:", "x\n", "")),
            addresses,
            st.sampled_from(("", ">", " ok")),
        ),
    ),
    anything,
)  # fmt: skip
pages: Texts = mixed(
    st.one_of(
        st.sampled_from(("https://shop.example.org/thanks", "https://a.b/?q=%22&r=1", "/x?y=z")),
        joined(st.just("https://shop.example.org/?e="), addresses),
    ),
    anything,
)
ids: Texts = mixed(
    st.one_of(plain_clicks, st.uuids().map(str), st.sampled_from(("order-7", "7", "-7", "7.0"))),
    addresses,
    joined(plain_clicks, characters, plain_clicks),
    anything,
)
pixels: Texts = mixed(st.sampled_from(("o8z6j", "o8z6j", "p3k9d")), plain_clicks, anything)
events: Texts = mixed(
    st.sampled_from(("o87ne", "tw-o8z6j-o87ne", "tw-p3k9d-o87ne", "o8z6j")),
    st.sampled_from(("tw-o8z6j", "tw--x", "tw-o8z6j-", "TW-o8z6j-x", "tw-O8Z6J-x", "tw-a-b-c")),
    plain_clicks,
    anything,
)  # fmt: skip
currencies: Texts = mixed(
    st.sampled_from(("EUR", "usd", "Jpy", "KWD", "CLF", "XXX", "XAU", "XTS", "BGN", "DEM")),
    st.sampled_from(("EURO", "US", "\u0131nr", "u\u017fd", "\u0130NR", "E R", "978", "eur\0")),
    anything,
)  # fmt: skip
answers: Texts = mixed(
    st.sampled_from(("true", "granted", "yes")),
    st.sampled_from(("TRUE", "Granted", "false", "denied", "1", "t", "granted,denied", "True")),
    anything,
)
