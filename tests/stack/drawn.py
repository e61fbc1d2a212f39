"""A board as a page of HTML: its JSON, and its queries' real answers, where there is no Grafana.

Places, titles, units, decimals, thresholds and legends are those that Grafana would show. Colours
of series, fonts and axes are not.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from html import escape

from running import answered

ROW = 38
"""Pixels of a row of the grid, with its gap, as in Grafana."""

MOST_ROWS = 40
PALETTE = ("#1f78c1", "#e0752d", "#508642", "#967302", "#890f02", "#6d1f62", "#0a437c", "#b7b7b7")
COLOURS = {"green": "#2f8f46", "orange": "#e0752d", "red": "#c4162a", "text": "#24292e"}
STYLE = f"""
body {{ font: 13px sans-serif; margin: 8px; background: #f4f5f5; color: #24292e; width: 1500px }}
main {{ display: grid; grid-template-columns: repeat(24, 1fr); gap: 8px;
  grid-auto-rows: {ROW - 8}px }}
section {{ background: #fff; border: 1px solid #d8d9da; padding: 4px 8px; overflow: hidden;
  display: flex; flex-direction: column }}
h2 {{ font-size: 13px; margin: 0 0 2px; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis }}
.row {{ background: none; border: 0; font-weight: bold; font-size: 15px }}
.stats {{ display: flex; flex: 1; flex-wrap: wrap; align-items: center;
  justify-content: space-around }}
.stats b {{ display: block }} .stats small {{ display: block }}
table {{ border-collapse: collapse; font-size: 12px }} td, th {{ padding: 1px 8px; text-align: left;
  white-space: nowrap; max-width: 420px; overflow: hidden; text-overflow: ellipsis }}
svg {{ flex: 1; min-height: 0 }} .legend {{ font-size: 11px }} .none {{ margin: auto; color: #888 }}
"""

Series = list[tuple[str, list, list]]


def number(value, unit: str | None, decimals: int | None = None) -> str:
    """Return a value as Grafana writes it in this unit."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "" if value is None else str(value)
    if unit == "percentunit":
        return f"{100 * value:.{1 if decimals is None else decimals}f}%"
    if unit == "bytes":
        for name in ("B", "KiB", "MiB", "GiB", "TiB"):
            if abs(value) < 1024 or name == "TiB":
                return f"{value:.3g} {name}"
            value /= 1024
    if unit == "s":
        for length, name in ((86400, "days"), (3600, "hours"), (60, "mins"), (1, "s")):
            if abs(value) >= length:
                return f"{value / length:.3g} {name}"
        return f"{1000 * value:.3g} ms"
    text = f"{value:,.{decimals}f}" if decimals is not None else f"{value:,.4g}"
    return text + {"reqps": " req/s", "suffix:/s": "/s"}.get(unit or "", "")


def series(frames: list[dict]) -> Series:
    """Return name, places and values of each column of numbers that frames hold."""
    found = []
    for frame in frames:
        fields, columns = frame["schema"]["fields"], frame["data"]["values"]
        if not columns or not columns[0]:
            continue
        for field, column in list(zip(fields, columns, strict=True))[1:]:
            name = legend(frame.get("legend", ""), field["name"])
            found.append((name, columns[0], [as_number(value) for value in column]))
    return found


def as_number(value):
    """Return a value as a number where it is one: Prometheus sends them as text."""
    try:
        number_ = float(value) if isinstance(value, str) else value
    except ValueError:
        return value
    return None if isinstance(number_, float) and not math.isfinite(number_) else number_


def legend(pattern: str, name: str) -> str:
    """Return the name of a series as its panel asks for it, such as `{{model}}`."""
    try:
        labels = json.loads(name)
    except ValueError:
        return name
    if not isinstance(labels, dict):
        return name
    if pattern in ("", "__auto"):
        return ", ".join(f"{key} {value}" for key, value in labels.items() if key[:2] != "__")
    return re.sub(r"{{(\w+)}}", lambda match: labels.get(match[1], ""), pattern)


def stat(panel: dict, frames: list[dict]) -> str:
    default = panel["fieldConfig"]["defaults"]
    steps = default.get("thresholds", {}).get("steps", [{"color": "text", "value": None}])
    found = series(frames) or [("", [0], frames[0]["data"]["values"][0])]
    found = [("", *rest) for _, *rest in found] if len(found) == 1 else found
    cells = []
    for name, _, values in found:
        known = [value for value in values if value is not None]
        value = known[-1] if known else None
        size = value if isinstance(value, (int, float)) else 0
        passed = [one for one in steps if one["value"] is None or size >= one["value"]]
        colour = COLOURS.get(passed[-1]["color"] if passed else "text", "#24292e")
        text = number(value, default.get("unit"), default.get("decimals"))
        label = f"<small>{escape(name)}</small>" if len(found) > 1 else ""
        size = 26 if len(text) < 20 else 13
        style = f"color:{colour}; font-size:{size}px"
        cells.append(f'<span>{label}<b style="{style}">{escape(text)}</b></span>')
    return f'<div class="stats">{"".join(cells)}</div>'


def table(panel: dict, frames: list[dict]) -> str:
    names = [field["name"] for field in frames[0]["schema"]["fields"]]
    rows = list(zip(*frames[0]["data"]["values"], strict=True))[:MOST_ROWS]
    decimals = panel["fieldConfig"]["defaults"].get("decimals")
    lines = [[escape(number(value, None, decimals)) for value in row] for row in rows]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def chart(panel: dict, frames: list[dict]) -> str:
    """Draw lines, points or bars of all series between the smallest and the largest value."""
    found, default = series(frames), panel["fieldConfig"]["defaults"]
    values = [one for _, _, column in found for one in column if isinstance(one, (int, float))]
    least, most = min([*values, 0]), max([*values, default.get("max", 0)])
    drawn = "".join(marks(panel["type"], found, least, (most - least) or 1))
    legend = " ".join(
        f'<span style="color:{PALETTE[place % 8]}">■</span> {escape(name)}'
        for place, (name, *_) in enumerate(found)
    )
    unit, decimals = default.get("unit"), default.get("decimals")
    axis = f"{number(least, unit, decimals)} to {number(most, unit, decimals)}"
    return (
        f'<svg viewBox="0 0 400 100" preserveAspectRatio="none">{drawn}</svg>'
        f'<div class="legend">{escape(axis)} · {legend}</div>'
    )


def marks(kind: str, found: Series, least: float, span: float) -> Iterator[str]:
    places = sorted({place for _, column, _ in found for place in column}, key=str)
    order = {place: number for number, place in enumerate(places)}
    is_scale = kind != "barchart" and all(isinstance(place, (int, float)) for place in places)
    low, wide = (min(places), max(places) - min(places) or 1) if is_scale else (0, len(places))
    for number_, (_, column, values) in enumerate(found):
        colour = PALETTE[number_ % 8]
        points = [
            (
                400 * ((place if is_scale else order[place]) - low) / wide,
                98 - 96 * (v - least) / span,
            )
            for place, v in zip(column, values, strict=True)
            if isinstance(v, (int, float))
        ]
        if kind == "barchart":
            thick = 300 / len(places) / len(found)
            yield from (
                f'<rect x="{x + number_ * thick + 8:.1f}" y="{y:.1f}" width="{thick:.1f}" '
                f'height="{max(0, 98 - y):.1f}" fill="{colour}"/>'
                for x, y in points
            )
        elif kind == "xychart":
            yield from (
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1" fill="{colour}"/>' for x, y in points
            )
        else:
            if len(points) == 1:  # a platform that has just started: as long as the panel is wide
                points = [(0, points[0][1]), (400, points[0][1])]
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1"/>'


DRAW: dict[str, Callable[[dict, list[dict]], str]] = {
    "stat": stat,
    "table": table,
    "timeseries": chart,
    "barchart": chart,
    "xychart": chart,
}


def page(visitor, uid: str) -> str:
    """Return a board as HTML, each panel at its place with what its queries answer now."""
    board = visitor.get(f"/dashboard/api/dashboards/uid/{uid}").raise_for_status().json()
    board = board["dashboard"]
    sections = "".join(section(visitor, board, panel) for panel in board["panels"])
    return f"<style>{STYLE}</style><h1>{escape(board['title'])}</h1><main>{sections}</main>"


def section(visitor, board: dict, panel: dict) -> str:
    place = panel["gridPos"]
    at = (
        f"grid-column: {place['x'] + 1} / span {place['w']}; "
        f"grid-row: {place['y'] + 1} / span {place['h']}"
    )
    title = escape(panel["title"])
    if panel["type"] == "row":
        return f'<section class="row" style="{at}">{title}</section>'
    frames = [
        frame | {"legend": target.get("legendFormat", "")}
        for target in panel["targets"]
        for frame in answered(visitor, board, {"datasource": panel.get("datasource"), **target})
    ]
    with_rows = [one for one in frames if one["data"]["values"] and one["data"]["values"][0]]
    words = panel["fieldConfig"]["defaults"].get("noValue", "No data")
    inside = (
        DRAW[panel["type"]](panel, with_rows)
        if with_rows
        else f'<p class="none">{escape(words)}</p>'
    )
    return f'<section style="{at}"><h2>{title}</h2>{inside}</section>'
