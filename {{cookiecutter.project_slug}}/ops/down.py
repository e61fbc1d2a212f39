"""Stop the platform and keep its data."""

from ops import compose

if __name__ == "__main__":
    compose.run(*compose.ALL_PROFILES, "down")
