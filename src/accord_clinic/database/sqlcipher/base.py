"""Django's own SQLite backend over sqlcipher3: the same code, encrypted at rest, with a WAL that is safe to share.

Debian's system SQLite still has the WAL-reset bug (fixed in 3.51.3), and several processes on one file is exactly
our case. So Django's module is imported once while `sqlite3` names `sqlcipher3`, and each connection opens with a key.
"""

import sys

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

Database = django_sqlite.Database


class DatabaseWrapper(django_sqlite.DatabaseWrapper):
    """A SQLite connection that gives its key first. The key is 64 hexadecimal digits in a file of its own.

    SQLite takes a text of any length for any column; here a column refuses what is longer than it says, as elsewhere.
    """

    data_type_check_constraints = {
        **django_sqlite.DatabaseWrapper.data_type_check_constraints,
        "CharField": 'length("%(column)s") <= %(max_length)s',
    }

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
