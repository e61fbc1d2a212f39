"""The measurements: each module has a function `measure`; what runs inside a project lies in in_project/."""
