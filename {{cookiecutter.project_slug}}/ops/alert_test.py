"""Send a test alert to ALERT_WEBHOOK or ALERT_EMAIL_TO, the way every alert goes."""

import sys

from ops import compose, dotenv

SEND = """amtool alert add TestAlert severity=warning --alertmanager.url="http://$LISTEN:9093" \
--annotation='summary="This is a test, sent by make alert-test."'"""


def main() -> None:
    settings = dotenv.values()
    receivers = [settings[name] for name in ("ALERT_WEBHOOK", "ALERT_EMAIL_TO") if settings[name]]
    if not receivers:
        sys.exit(
            "Alerts have no receiver yet. Set ALERT_WEBHOOK or ALERT_EMAIL_TO in .env, "
            "run `make up`, and try again."
        )
    compose.require(
        "monitoring-alerts", "Add monitoring to COMPOSE_PROFILES in .env and run `make up`."
    )
    compose.run("exec", "-T", "monitoring-alerts", "sh", "-c", SEND)
    print(f"A test alert is on its way to {' and '.join(receivers)}.")
    print("If none arrives within a minute, `docker compose logs monitoring-alerts` says why.")


if __name__ == "__main__":
    main()
