"""The command `etcdview`: click commands, thin. Each asks the library and prints the answer."""

from etcdview.cli.main import main

__all__ = ["main"]
