"""Races that a class watches, and the process that runs one."""
