"""The engines on which a registry is read: DuckDB on this machine, or Spark. A further engine is one more case here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accord.errors import BadInput
from accord.registry.join import Registry

SPARK = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.session.timeZone": "UTC"}
PARTITIONS = 4
"""Parts for each core: Spark's own 200 take longer to start than a small registry takes to read."""

AT_ONCE = 10_000_000
"""Ratings that DuckDB works on at once where each session is looked at: they take about 1 GB of memory."""


def table_of(backend: Any, registry: Registry, name: str) -> Any:
    """One table of all practices, with `practice` from the paths of the files."""
    files = registry.files(name)
    if backend.name == "pyspark":
        root = str((registry.root / name).resolve())
        reader = backend._session.read.option("basePath", root).option("mergeSchema", "true")
        reader.parquet(*(str(Path(file).resolve()) for file in files)).createOrReplaceTempView(name)
        return backend.table(name)
    return backend.read_parquet(files, hive_partitioning=True, union_by_name=True)


def shares(backend: Any, registry: Registry) -> list[list[str]]:
    """The practices, in lots of about so many that DuckDB holds little in memory; a practice is never divided.

    Spark divides the work by itself.
    """
    practices = sorted(registry.practices)
    if backend.name == "pyspark" or not any("scores" in registry.practices[name]["tables"] for name in practices):
        return [practices]
    rows = int(table_of(backend, registry, "scores").count().execute())
    lots = min(max(-(-rows // AT_ONCE), 1), len(practices))
    return [practices[lot::lots] for lot in range(lots)]


def courses_of(rows: Any) -> Any:
    """Each course of the rows once. For Spark, Ibis 12 translates an ordered `distinct` of filtered rows wrongly:
    rows stay that differ in any column of the filter.
    """
    return rows.group_by("practice", "dyad").aggregate(rows=rows.count()).select("practice", "dyad")


def stored(backend: Any, rows: Any, name: str) -> Any:
    """What an expression gives, worked out once and read several times while the connection lasts."""
    if backend.name == "pyspark":
        backend._session.sql(backend.compile(rows)).persist().createOrReplaceTempView(name)
        return backend.table(name)
    return backend.create_table(name, rows, temp=True)


@contextmanager
def connected(engine: str) -> Iterator[Any]:
    """A connection of Ibis to this engine, closed at the end."""
    try:
        import ibis  # noqa: PLC0415 - only where the extra is installed
    except ImportError:
        raise BadInput("Registries need an extra. Install it with: pip install 'accord[registry]'") from None
    if engine == "duckdb":
        backend = ibis.duckdb.connect()
        try:
            yield backend
        finally:
            backend.disconnect()
        return
    if not engine.startswith(("spark://", "local[")):
        raise BadInput(f"engine {engine!r} is not known. Give duckdb, or a Spark master as spark://host:7077.")
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - only where the extra is installed
    except ImportError:
        raise BadInput("Spark needs an extra. Install it with: pip install 'accord[cluster]'") from None
    builder = SparkSession.builder.master(engine).appName("accord")
    for name, value in SPARK.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.conf.set("spark.sql.shuffle.partitions", str(PARTITIONS * session.sparkContext.defaultParallelism))
    try:
        yield ibis.pyspark.connect(session)
    finally:
        session.stop()
