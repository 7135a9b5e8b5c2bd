"""Draws a measurement as PNG and SVG, or as one of both: plot.py RUNS.json PREFIX [png|svg]"""

import sys

import figures
import matplotlib
from gateways import LABELS
from workloads import all_workloads

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot  # noqa: E402, the way of drawing has to be chosen first

COLORS = {"source": "#8a8a8a", "rust": "#8c6d5a", "go": "#4c9fc0", "node": "#6a9f58", "fastapi": "#d1a33c",
          "flask": "#b07aa1"}
OURS = "#d6582f"
# What does no mail would squeeze all other bars.
NOT_DRAWN = ("microhttpd",)


def _panels(results):
    """Each measured workload with the columns that are compared, two at most."""
    for workload in all_workloads():
        columns = [column for column in workload.columns if column.ratio][:2]
        series = [name for name in workload.series if name not in NOT_DRAWN
                  and columns and results.of(workload.name, name, columns[0].key)]
        if series:
            yield workload, series, columns


def _bars(axes, results, workload, series, column, title):
    for place, name in enumerate(reversed(series)):
        values = list(results.of(workload.name, name, column.key).values())
        if not values:
            continue
        middle = results.median(workload.name, name, column.key)
        axes.barh(place, middle, color=COLORS.get(name, OURS), height=0.7,
                  xerr=[[middle - min(values)], [max(values) - middle]], error_kw={"lw": 1, "ecolor": "#444444"})
        axes.text(max(values), place, f" {format(middle, column.form)}", va="center", fontsize=8)
    labels = [LABELS[name].replace("`", "").replace("*", "") for name in reversed(series)]
    axes.set_yticks(range(len(series)), labels, fontsize=8)
    axes.set_title(title, fontsize=9, loc="left")
    axes.margins(x=0.18)
    axes.set_xlim(left=0)
    axes.tick_params(axis="x", labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def draw(measurement, prefix, forms):
    results = measurement.results
    panels = list(_panels(results))
    if not panels:
        print("plot: nothing was measured that is drawn", file=sys.stderr)
        return
    heights = [len(series) + 1.2 for _, series, _ in panels]
    figure, grid = pyplot.subplots(len(panels), 2, figsize=(13, 0.3 * sum(heights) + 0.5), squeeze=False,
                                   layout="constrained", height_ratios=heights)
    for row, (workload, series, columns) in zip(grid, panels):
        for axes, column, before in zip(row, columns, (f"{workload.title}: ", "")):
            _bars(axes, results, workload, series, column, before + column.label)
        for axes in row[len(columns):]:
            axes.set_visible(False)
    figure.suptitle(measurement.machine["name"], fontsize=10, x=0.01, ha="left")
    for form in forms:
        figure.savefig(f"{prefix}.{form}", dpi=110)


if __name__ == "__main__":
    draw(figures.load(sys.argv[1]), sys.argv[2], sys.argv[3:] or ("png", "svg"))
