"""The page with the help of every command.

Belongs here: laying it out. Does not belong here: any command or option.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from dagster_project.commands.main import main

WIDTH = 100
OPENING = """# Every command

`make docs` writes this page from the commands' own help, which `-h` prints after any of them. What
programs may rely on, exit codes among it: [contract](contract.md#commands). Settings that stand for
options: [settings](contract.md#settings)."""


def commands_page() -> str:
    """The help of `kto` and of all that it can do."""
    parts = [
        f"## {context.command_path}\n\n```text\n{context.get_help()}\n```"
        for context in _contexts("kto", main, None)
    ]
    return "\n\n".join([OPENING, *parts]) + "\n"


def _contexts(
    name: str, command: click.Command, parent: click.Context | None
) -> Iterator[click.Context]:
    """Go through a command and those below it."""
    context = command.make_context(
        name, [], parent, resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from _contexts(below, command.commands[below], context)
