"""Tests of the demo, without its servers."""
