"""The figures of each machine that the project keeps: a file for each processor, in figures/."""

import dataclasses
import glob
import json
import os
import re

from results import Results

FOLDER = f"{os.path.dirname(os.path.abspath(__file__))}/figures"


@dataclasses.dataclass
class Measurement:
    """What was measured on a machine: `sessions` says when, of which version, how, and which workloads."""
    machine: dict
    sessions: list
    results: Results

    def session_of(self, workload):
        return next((one for one in self.sessions if workload in one["workloads"]), None)

    @property
    def path(self):
        """Where it is kept, without an extension."""
        return f"{FOLDER}/{re.sub(r'[^a-z0-9]+', '-', self.machine['name'].lower()).strip('-')}"

    def save(self, path):
        """A line for each run, so that a change of one is a change of one line."""
        runs = ",\n".join(json.dumps(_rounded(run), ensure_ascii=False) for run in self.results.runs)
        head = json.dumps({"machine": self.machine, "sessions": self.sessions}, indent=1, ensure_ascii=False)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{head[:-2]},\n \"runs\": [\n{runs}\n]}}\n")

    def keep(self):
        """Puts it among the figures that are kept. A workload's runs are replaced; those of other workloads stay."""
        os.makedirs(FOLDER, exist_ok=True)
        known = load(f"{self.path}.json") if os.path.exists(f"{self.path}.json") else Measurement({}, [], Results())
        names = {name for one in self.sessions for name in one["workloads"]}
        earlier = [one | {"workloads": [name for name in one["workloads"] if name not in names]} for one in known.sessions]
        kept = Measurement(
            self.machine, [one for one in earlier if one["workloads"]] + self.sessions,
            Results([run for run in known.results.runs if run["workload"] not in names] + self.results.runs))
        kept.save(f"{self.path}.json")


def _rounded(run):
    return {key: float(f"{value:.6g}") if isinstance(value, float) else value for key, value in run.items()}


def load(path):
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    return Measurement(found["machine"], found["sessions"], Results(found["runs"]))


def all_kept():
    return [load(path) for path in sorted(glob.glob(f"{FOLDER}/*.json"))]
