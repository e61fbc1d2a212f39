"""The measurements, each a module with a function `measure`; `make bench` runs them all."""
