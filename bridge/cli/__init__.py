"""The command line: values to text, errors to exit codes.

One room per command. What a command needs is imported when it runs: `--help` and a wrong option cost click alone.
"""

from bridge.cli.program import main

__all__ = ["main"]
