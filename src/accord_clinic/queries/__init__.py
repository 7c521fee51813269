"""Reads for pages and exports: may this person, and which rows? A record of `records` is made from them."""
