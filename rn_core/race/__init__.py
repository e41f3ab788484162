"""Races that a class can watch, and the process that runs one."""
