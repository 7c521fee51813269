"""Every write: may they? then change, raise signals, log, in one transaction; always `by=`."""
