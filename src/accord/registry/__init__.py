"""Study files of one practice or many: read, checked, joined into a registry of Parquet, analysed by an engine.

What a study file holds is said once, in `accord.tables.vocabulary`. A new way in is a module beside `mapped`, a new way
out one beside `labelled`, an analysis on the engine one beside `growth`.
"""
