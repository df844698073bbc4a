from __future__ import annotations

from pathlib import Path

from bridge.cli.program import program
from tests.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_of_the_command_line_is_what_the_program_says() -> None:
    assert PAGE.read_text("utf-8") == reference(), "make docs brings it up to date"


def test_every_command_and_option_has_a_help_text() -> None:
    for command in program.commands.values():
        assert command.help
        assert command.short_help
        for option in command.params:
            assert option.param_type_name == "argument" or getattr(option, "help", None), (command.name, option.name)
