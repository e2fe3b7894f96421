"""The pages people see in a browser: who asks, and two buttons. Everything shown is escaped."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Literal
from urllib.parse import parse_qsl

from starlette.requests import Request

from connector.simulator.envelope import HTML, Answer, RefusedError
from connector.simulator.settings import Settings
from connector.simulator.world import User, World

Decision = Literal["ask", "allow", "deny"]

# A page of another site may not show this one, nor may this one load anything.
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui;max-width:32rem;
margin:3rem auto;padding:0 1rem;overflow-wrap:anywhere}}
button,select{{font:inherit;padding:.4rem 1rem;max-width:100%}}
code{{font-size:2rem;letter-spacing:.2em}}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
<p><small>This is a simulator on your own machine. Nothing here reaches X or TikTok.</small></p>
</main>
</body>
</html>
"""


def parameters_of(request: Request, body: bytes) -> dict[str, str]:
    """What a page was opened with, or what its form says; the last of equal names holds."""
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(query + (form if request.method == "POST" else []))


def decision_of(request: Request, parameters: Mapping[str, str], settings: Settings) -> Decision:
    """What is to be done: what the form says; before there is one, what the settings say."""
    if request.method == "POST":
        return "allow" if parameters.get("decision") == "allow" else "deny"
    if settings.consent == "allow":
        return "allow"
    return "deny" if settings.consent == "deny" else "ask"


def user_asked(parameters: Mapping[str, str], world: World) -> User:
    """The user that is signed in: the one that is named, else the first."""
    named = parameters.get("screen_name")
    users = list(world.users.values())
    return next((user for user in users if user.screen_name == named), users[0])


def question(
    *,
    app: str,
    wants: Iterable[str],
    kept: Mapping[str, str],
    users: Mapping[str, str],
    to: str,
) -> Answer:
    """The page that asks.

    Args:
        app: name of who asks.
        wants: what for.
        kept: what the form repeats, by name.
        users: who may be signed in: label by screen name, the first chosen; may be empty.
        to: where the browser goes afterwards.
    """
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in kept.items()
        if name not in ("decision", "screen_name")
    )
    options = "".join(
        f'<option value="{escape(name)}">{escape(label)}</option>' for name, label in users.items()
    )
    body = f"""<p><b>{escape(app)}</b> asks for access to your account:</p>
<ul>{"".join(f"<li>{escape(one)}</li>" for one in wants)}</ul>
<p>Afterwards you go to {escape(to)}</p>
<form method="post">
{hidden}
{f'<p><label>Signed in as <select name="screen_name">{options}</select></label></p>' * bool(users)}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Cancel</button>
</form>"""
    return _page(f"Authorize {app}?", body)


def pin_page(app: str, pin: str) -> Answer:
    """The page that shows the PIN of a client without a browser."""
    body = f"<p>Give this PIN to {escape(app)}:</p>\n<p><code>{escape(pin)}</code></p>"
    return _page("You have granted access", body)


def message_page(title: str, message: str, *, status: int = 200) -> Answer:
    """A page with something to say and nothing to ask."""
    return _page(title, f"<p>{escape(message)}</p>", status=status)


def no_page(message: str, *, status: int = 400) -> RefusedError:
    """The refusal of a page that cannot even send the browser back."""
    return RefusedError(message_page("Something went wrong", message, status=status))


def redirect(address: str) -> Answer:
    """Send the browser on."""
    return Answer(status=302, headers={**_HEADERS, "location": address}, text="", media_type=HTML)


def _page(title: str, body: str, *, status: int = 200) -> Answer:
    text = _PAGE.format(title=escape(title), body=body)
    return Answer(status=status, headers=_HEADERS, text=text, media_type=HTML)
