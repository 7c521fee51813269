"""Django's own SQLite backend over sqlcipher3: the same code, encrypted at rest, with a WAL that is safe to share.

Debian's system SQLite still has the WAL-reset bug (fixed in 3.51.3), and several processes on one file is exactly
our case. So Django's module is imported once while `sqlite3` names `sqlcipher3`, and each connection opens with a key.
"""

import os
import sys
from pathlib import Path

import sqlcipher3
import sqlcipher3.dbapi2

from accord_clinic.database import keys

_system = {name: sys.modules.get(name) for name in ("sqlite3", "sqlite3.dbapi2")}
sys.modules.update({"sqlite3": sqlcipher3, "sqlite3.dbapi2": sqlcipher3.dbapi2})
try:
    from django.db.backends.sqlite3 import base as django_sqlite
finally:
    for _name, _module in _system.items():
        if _module is None:
            sys.modules.pop(_name)
        else:
            sys.modules[_name] = _module

Database = django_sqlite.Database  # type: ignore[attr-defined]  # Django itself reads it there


class DatabaseWrapper(django_sqlite.DatabaseWrapper):
    """A SQLite connection that gives its key first. The key is 64 hexadecimal digits in a file of its own.

    SQLite takes a text of any length for any column; here a column refuses what is longer than it says, as elsewhere.
    """

    data_type_check_constraints = {
        **django_sqlite.DatabaseWrapper.data_type_check_constraints,
        "CharField": 'length("%(column)s") <= %(max_length)s',
    }

    def get_new_connection(self, conn_params):
        """Readable by its owner alone, whatever the folder says; SQLite gives the same mode to what lies beside."""
        file = Path(conn_params["database"])
        if file.parent.is_dir():
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
            if file.stat().st_mode & 0o077 and file.stat().st_uid == os.geteuid():
                file.chmod(0o600)
        return super().get_new_connection(conn_params)

    def get_connection_params(self):
        params = super().get_connection_params()
        params["factory"] = _opening_with(keys.database_key(params.pop("key_file")))
        return params


def _opening_with(key: str) -> type:
    class Connection(sqlcipher3.dbapi2.Connection):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.execute(f"PRAGMA key = \"x'{key}'\"")

    return Connection
