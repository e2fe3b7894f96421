"""The command line: arguments become one call of `connector.api`, errors a sentence and a code."""


def main() -> None:
    """Run the command `connector`."""
    from connector.cli.app import app

    app(prog_name="connector")
