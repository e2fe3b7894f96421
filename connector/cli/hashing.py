"""`connector hash`: what becomes of one e-mail address or phone number."""

import sys
from typing import Annotated, Literal

import typer

from connector.cli.terminal import Terminal
from connector.errors import ConfigurationError, Exit


def hash_value(
    terminal: Terminal,
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="[VALUE]", show_default=False, help="Else from a prompt or standard input."
        ),
    ] = None,
    email: Annotated[bool, typer.Option("--email", help="It is an e-mail address.")] = False,
    phone: Annotated[bool, typer.Option("--phone", help="It is a phone number.")] = False,
    region: Annotated[
        str | None, typer.Option(metavar="R", help="Country of the number, such as US.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show each step.")] = False,
) -> Exit:
    """Normalise and hash one value as a sync does."""
    from connector import api

    if email == phone:
        raise ConfigurationError("say either --email or --phone")
    if region is not None and email:
        raise ConfigurationError("--region is for --phone")
    kind: Literal["email", "phone"] = "email" if email else "phone"
    hashed = api.explain_hash(kind, _given(value, kind), region)
    if terminal.json:
        terminal.document(
            {"kind": kind, "trimmed": hashed.trimmed, "normalised": hashed.normalised,
             "sha256": hashed.digest, "already_hashed": hashed.already, "reason": hashed.reason}
        )  # fmt: skip
        return Exit.DONE if hashed.digest else Exit.CONFIGURATION
    if explain:
        how = "lower-cased" if kind == "email" else "E.164"
        none = f"none: {hashed.meaning}" + (f" ({hashed.reason})" if hashed.reason else "")
        steps = (
            ("given", ascii(hashed.given)),
            ("trimmed", _shown(hashed.trimmed)),
            (how, "already a digest" if hashed.already else _shown(hashed.normalised)),
            ("sha-256", hashed.digest or none),
        )
        for name, text in steps:
            terminal.line(f"{name:<12} {text}")
        return Exit.DONE if hashed.digest else Exit.CONFIGURATION
    if hashed.digest is None:
        raise ConfigurationError(f"this {kind} would be dropped: {hashed.meaning}")
    terminal.line(hashed.digest)
    return Exit.DONE


def _given(value: str | None, kind: str) -> str:
    if value is not None:
        return value
    if sys.stdin.isatty():
        return str(typer.prompt(kind))
    try:
        return sys.stdin.buffer.read().decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise ConfigurationError("standard input is not a text in UTF-8") from None


def _shown(text: str | None) -> str:
    return "nothing" if text is None else ascii(text)
