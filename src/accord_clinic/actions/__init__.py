"""Every write: check who may, change, raise signals and log, in one transaction; always with `by=`."""
