"""Presenters: records become what one page needs, in words. A new page gets a module of its own name here."""
