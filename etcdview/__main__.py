"""`python -m etcdview` is the command `etcdview`."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command. While its modules load, Ctrl-C ends it at once, and without a traceback."""
    loading = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # it may be ignored: by nohup, or with &
    if loading:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from etcdview.cli import main as run

    if loading:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
