"""Import past ratings: the mapping file, the spreadsheet, and the one way in for many rows at once."""
