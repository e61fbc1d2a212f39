"""The measurements: each module has a function `measure`.

in_project/ holds the programs that a project's own Python runs.
"""
