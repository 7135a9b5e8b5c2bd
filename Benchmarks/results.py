"""The runs of a measurement, and what is made of them."""

import statistics


class Results:
    """Every run, each with its workload, series and round."""

    def __init__(self, runs=()):
        self.runs = list(runs)

    def of(self, workload, series, key):
        """The values of the valid runs that have one, by round."""
        return {run["round"]: run[key] for run in self.runs
                if run["workload"] == workload and run["series"] == series and not run["faults"] and key in run}

    def has(self, workload, series):
        """Whether it was measured, if only in vain."""
        return any(run["workload"] == workload and run["series"] == series for run in self.runs)

    def median(self, workload, series, key):
        values = self.of(workload, series, key).values()
        return statistics.median(values) if values else None

    def ratios(self, workload, key, ours="postern", theirs="go"):
        """Ours to theirs, round by round: what changed on the machine between rounds cancels out."""
        mine, other = self.of(workload, ours, key), self.of(workload, theirs, key)
        return [mine[number] / other[number] for number in mine if other.get(number)]

    def ratio(self, workload, key, ours="postern", theirs="go"):
        found = self.ratios(workload, key, ours, theirs)
        return statistics.median(found) if found else None

    def invalid(self):
        return [run for run in self.runs if run["faults"]]


def spread(values, form):
    """Median, and lowest to highest where they differ."""
    values = list(values)
    if not values:
        return "–"
    middle, lowest, highest = (format(of(values), form) for of in (statistics.median, min, max))
    return middle if lowest == highest else f"{middle} ({lowest}–{highest})"
