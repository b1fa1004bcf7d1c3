"""The trail and everything beside it."""

from yoyo import step

from adapters.postgres.sql_files import run_folder

step(run_folder("0001_trail"))
