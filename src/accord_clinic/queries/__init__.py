"""Every read: may they? then rows become records, a Course, or what a page needs."""
