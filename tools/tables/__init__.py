"""Rows that Go itself prints, release by release, to hold the tables to."""
