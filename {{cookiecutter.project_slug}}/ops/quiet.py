"""Keep alerts back for some hours, before maintenance.

The heartbeat goes on, and the front page shows what would have been sent.
"""

import sys

from ops import arguments, compose

USAGE = "make quiet HOURS=2"

AMTOOL = 'amtool --alertmanager.url="http://$LISTEN:9093" silence'
END = f'ids=$({AMTOOL} query --quiet --created-by=quiet) && [ -z "$ids" ] || {AMTOOL} expire $ids'
BEGIN = (
    AMTOOL + " add --author=quiet --comment=quiet --duration={}m 'alertname=~.+' 'kind!=heartbeat'"
)


def script(minutes: int) -> str:
    """Return what Alertmanager's container runs; a longer silence replaces a shorter one."""
    return f"{END}; {BEGIN.format(minutes)}" if minutes else END


def minutes(hours: str) -> int:
    """Return the minutes of some hours, 0 to 168. Exit with a sentence if they are none."""
    try:
        number = float(hours)
    except ValueError:
        number = -1
    if not 0 <= number <= 168:
        sys.exit(f"HOURS={hours} is no number from 0 to 168, a week. Run `{USAGE}`.")
    return round(60 * number)


def main() -> None:
    wanted = minutes(arguments.word("HOURS", USAGE))
    compose.require(
        "monitoring-alerts", "Add monitoring to COMPOSE_PROFILES in .env and run `make up`."
    )
    compose.run("exec", "-T", "monitoring-alerts", "sh", "-c", script(wanted))
    if wanted:
        print(f"No alert is sent for {wanted} minutes. `make quiet HOURS=0` ends that.")
    else:
        print("Alerts are sent again.")


if __name__ == "__main__":
    main()
