"""Two charts as one SVG: rows a second of each case, and seconds over rows."""

from collections.abc import Iterator, Sequence
from html import escape
from math import log10

from benchmarks.report import grouped, seconds
from benchmarks.suite import Results
from benchmarks.syncs import Sync

WIDTH, HEIGHT = 860, 340
LEFT, RIGHT, TOP, BOTTOM = (
    60,
    400,
    50,
    280,
)  # of the first chart; the second is a shift to the right
SHIFT = 430
COLOURS = {"connector": "#1f6f8b", "drt": "#c8553d", "plain script": "#8d8d8d"}
_HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    ' font-family="sans-serif" font-size="12">'
)


def svg(results: Results) -> str:
    """The picture; sections that were not measured leave their chart empty."""
    lines = [
        _HEAD,
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_bars(results.cases),
        f'<g transform="translate({SHIFT} 0)">',
        *_curves(results.sizes),
        "</g>",
        *_legend([*results.cases, *results.sizes]),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _label(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _legend(syncs: Sequence[Sync]) -> Iterator[str]:
    for number, tool in enumerate(dict.fromkeys(sync.tool for sync in syncs)):
        x = LEFT + 140 * number
        yield f'<rect x="{x}" y="{HEIGHT - 22}" width="12" height="12" fill="{COLOURS[tool]}"/>'
        yield _label(x + 18, HEIGHT - 12, tool, "start")


def _bars(syncs: Sequence[Sync]) -> Iterator[str]:
    if not syncs:
        return
    yield _label((LEFT + RIGHT) / 2, TOP - 25, f"rows a second, {syncs[0].rows:,} rows")
    groups = list(grouped(syncs, lambda s: s.what))
    paces = [[(g[0].tool, g[0].rows / seconds(g)) for g in grouped(group, lambda s: s.tool)]
             for group in groups]  # fmt: skip
    highest = max(pace for group in paces for _, pace in group)
    wide = (RIGHT - LEFT) / len(groups)
    for number, (group, tools) in enumerate(zip(groups, paces, strict=True)):
        thick = wide * 0.8 / len(tools)
        for place, (tool, pace) in enumerate(tools):
            x = LEFT + wide * (number + 0.1) + thick * place
            tall = (BOTTOM - TOP) * pace / highest
            yield (
                f'<rect x="{x:.1f}" y="{BOTTOM - tall:.1f}" width="{thick - 2:.1f}"'
                f' height="{tall:.1f}" fill="{COLOURS[tool]}"/>'
            )
            yield _label(x + thick / 2 - 1, BOTTOM - tall - 4, f"{pace / 1000:.0f}k")
        yield _label(LEFT + wide * (number + 0.5), BOTTOM + 18, group[0].what)


def _curves(syncs: Sequence[Sync]) -> Iterator[str]:
    if not syncs:
        return
    yield _label((LEFT + RIGHT) / 2, TOP - 25, "seconds over rows, e-mail only; both logarithmic")
    points = [
        (run[0].tool, run[0].rows, seconds(run))
        for run in grouped(syncs, lambda s: (s.tool, s.rows))
    ]
    across = _scale([rows for _, rows, _ in points], LEFT, RIGHT - 30)
    up = _scale([took for _, _, took in points], BOTTOM, TOP)
    for rows in dict.fromkeys(rows for _, rows, _ in points):
        yield _label(across(rows), BOTTOM + 18, f"{rows:,}")
    for power in range(-1, 5):
        if TOP <= up(10**power) <= BOTTOM:
            y = f"{up(10**power):.1f}"
            yield f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#ddd"/>'
            yield _label(LEFT - 6, up(10**power) + 4, f"{10**power:g} s", "end")
    for of_tool in grouped(points, lambda p: p[0]):
        colour = COLOURS[of_tool[0][0]]
        path = " ".join(f"{across(rows):.1f},{up(took):.1f}" for _, rows, took in of_tool)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for _, rows, took in of_tool:
            yield f'<circle cx="{across(rows):.1f}" cy="{up(took):.1f}" r="3" fill="{colour}"/>'


class _Scale:
    """A logarithmic axis."""

    def __init__(self, low: float, high: float, begin: float, end: float) -> None:
        self._low, self._span = log10(low), (log10(high) - log10(low)) or 1.0
        self._begin, self._end = begin, end

    def __call__(self, value: float) -> float:
        return self._begin + (log10(value) - self._low) / self._span * (self._end - self._begin)


def _scale(values: Sequence[float], begin: float, end: float) -> _Scale:
    return _Scale(min(values), max(values), begin, end)
