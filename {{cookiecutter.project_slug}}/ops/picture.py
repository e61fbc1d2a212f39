"""A picture of a load: how long answers took, and how many replicas there were, over time."""

from collections.abc import Iterable

from ops.vegeta import Reply

WIDTH, HEIGHT, LEFT, TOP = 900, 300, 60, 30
BELOW = 90
"""Points for the line of the replicas, below the answers."""

COLOURS = {200: "#2a78d6", 503: "#e58a00"}
FAILED = "#c62828"

FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
{parts}
</svg>
"""


def drawn(replies: list[Reply], counts: list[tuple[float, int]]) -> str:
    """Return the picture as SVG: a dot for each request, and below a line of the replicas."""
    begin = replies[0].sent
    span = max(replies[-1].sent - begin, 1.0)
    longest = max(max(reply.took for reply in replies), 0.001)
    most = max((count for _, count in counts), default=1)

    def x(time: float) -> float:
        return LEFT + (WIDTH - LEFT - 20) * min(max(time - begin, 0), span) / span

    def y(seconds: float) -> float:
        return TOP + HEIGHT * (1 - seconds / longest)

    dots = [
        f'<circle cx="{x(reply.sent):.1f}" cy="{y(reply.took):.1f}" r="2" '
        f'fill="{COLOURS.get(reply.status, FAILED)}"/>'
        for reply in replies
    ]
    base = TOP + HEIGHT + 30 + BELOW
    steps = [(x(time), base - BELOW * 0.8 * count / most) for time, count in counts]
    steps += [(WIDTH - 20.0, steps[-1][1])] if steps else []
    parts = [*scale(longest, most, span, base), *dots, line(steps)]
    return FRAME.format(width=WIDTH, height=base + 30, parts="\n".join(parts))


def line(points: Iterable[tuple[float, float]]) -> str:
    """Return a line that keeps each height until the next point."""
    path, last = [], None
    for x, y in points:
        path += [f"{x:.1f},{last:.1f}"] if last is not None else []
        path.append(f"{x:.1f},{y:.1f}")
        last = y
    return f'<polyline points="{" ".join(path)}" fill="none" stroke="#333" stroke-width="2"/>'


def scale(longest: float, most: int, span: float, base: float) -> list[str]:
    """Return the axes and what they say."""
    right, bottom = WIDTH - 20, TOP + HEIGHT
    axes = [(LEFT, bottom, right, bottom), (LEFT, TOP, LEFT, bottom), (LEFT, base, right, base)]
    texts = [
        (LEFT, TOP - 10, "seconds until the answer; orange: refused with 503, red: failed"),
        (10, TOP + 5, f"{longest:.2f} s"),
        (10, bottom, "0 s"),
        (LEFT, base - BELOW - 8, f"replicas, up to {most}"),
        (LEFT, base + 18, "0 s"),
        (right - 40, base + 18, f"{span:.0f} s"),
    ]
    return [f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}" stroke="#999"/>' for a, b, c, d in axes] + [
        f'<text x="{x}" y="{y}">{text}</text>' for x, y, text in texts
    ]
