"""Where settings come from, in order: flags, environment, settings file, this machine's files, defaults.

One table (rows.py) makes flags, file, --print-config and documentation. No secret is ever printed from here.
"""

from etcdview.config.address import Address, parse_address
from etcdview.config.origins import DEFAULT, Origin, Resolved, load, resolve
from etcdview.config.rows import ROWS, SettingRow
from etcdview.config.settings import NO_ETCD_NAMED, Settings

__all__ = [
    "DEFAULT",
    "NO_ETCD_NAMED",
    "ROWS",
    "Address",
    "Origin",
    "Resolved",
    "SettingRow",
    "Settings",
    "load",
    "parse_address",
    "resolve",
]
