"""Tests of what MySQL and MariaDB tell."""
