"""The command `assistant`: built-in command groups by name, plugins' commands after them."""

import contextlib
import os
import sys
import traceback
from typing import Any

import click

from assistant import __version__
from assistant.cli.compose import Program
from assistant.cli.output import note, say_error
from assistant.errors import AssistantError

COMMANDS = {
    "ask": ("assistant.cli.ask:ask", "Answer one question on stdout."),
    "chats": ("assistant.cli.chats:chats", "List, search, show, resume and delete chats."),
    "config": ("assistant.cli.config:config", "Show and change the settings."),
    "doctor": ("assistant.cli.doctor:doctor", "Check this installation and its databases."),
    "models": ("assistant.cli.models:models", "List, add, choose and remove models."),
    "plugins": ("assistant.cli.plugins:plugins", "List, trust, enable and disable plugins."),
}


class Commands(click.Group):
    """Imports a command's module when it is called, not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        registry = _program(ctx).plugins.registry
        return sorted({*COMMANDS, *(n for n, o in registry.commands.items() if o.value.shell)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name][0].partition(":")
            import importlib

            command: click.Command = getattr(importlib.import_module(module), name)
            return command
        offer = _program(ctx).plugins.registry.commands.get(cmd_name)
        if offer is None or offer.value.shell is None:
            return None
        return offer.value.shell()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from assistant.registry import suggest

            fault = suggest("command", args[0], self.list_commands(ctx))
            raise click.UsageError(f"{fault.message} {fault.hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        registry = _program(ctx).plugins.registry
        rows = []
        for name in self.list_commands(ctx):
            summary = COMMANDS[name][1] if name in COMMANDS else registry.commands[name].value.summary
            rows.append((name, summary))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _program(ctx: click.Context) -> Program:
    return ctx.ensure_object(Program)


@click.group(cls=Commands, invoke_without_command=True)
@click.version_option(__version__, prog_name="assistant")
@click.option("--no-plugins", is_flag=True, help="Load the built-in plugins only.", is_eager=True)
@click.option("--profile-plugins", is_flag=True, help="Print to stderr what each plugin cost to load.")
@click.pass_context
def cli(ctx: click.Context, no_plugins: bool, profile_plugins: bool) -> None:
    """Chat with a model on this machine, about documents on this machine.

    Without a command, opens the chat.
    """
    program = _program(ctx)
    program.no_plugins = no_plugins
    if profile_plugins:
        for plugin in sorted(program.plugins.plugins, key=lambda p: -(p.import_ms + p.hook_ms)):
            note(f"{plugin.name:20} {plugin.import_ms:8.1f} ms import {plugin.hook_ms:8.1f} ms hooks")
    if ctx.invoked_subcommand is None:
        from assistant.cli.chat import open_chat

        ctx.exit(open_chat(program))


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    program = Program()
    try:
        return _invoke(program, arguments)
    finally:
        with contextlib.suppress(AssistantError, BrokenPipeError):
            program.close()


def _invoke(program: Program, arguments: list[str] | None) -> int:
    try:
        result: Any = cli.main(arguments, prog_name="assistant", standalone_mode=False, obj=program)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except AssistantError as error:
        say_error(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        note("Stopped.")
        return 130
    except BrokenPipeError:
        # The reader has gone; Python would complain once more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last place where a fault can become a sentence
        note(f"Error: {type(error).__name__}: {error}")
        note(_keep_traceback(program))
        return 1


def _keep_traceback(program: Program) -> str:
    path = program.folders.log / "crash.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(traceback.format_exc(), "utf-8")
    except OSError:
        return "This is a fault of the program."
    return f"This is a fault of the program; details are in {path}."
