"""Tests of the Ray adapter."""
