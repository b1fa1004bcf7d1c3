"""
The versions of the tables, run in order by `adapters.postgres.migrations`.

Each `NNNN_name.py` runs the files of the folder `NNNN_name/`, in the order of their names, in one
transaction. A released version is never edited: a change is a new version.
"""
