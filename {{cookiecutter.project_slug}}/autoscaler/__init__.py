"""Keeps as many prediction replicas running as the load needs."""
