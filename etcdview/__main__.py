"""`python -m etcdview` is the command `etcdview`."""

from etcdview.cli import main

if __name__ == "__main__":
    main()
