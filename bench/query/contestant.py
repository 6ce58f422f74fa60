"""Asks one engine all questions and prints what it answers, a JSON object a line.

The first argument is the engine, the second the folder with the events, the third what the questions are about.
"""

import importlib
import json
import statistics
import sys
import time

RUNS = 5


class Spec:
    """What the questions are about: times are in milliseconds, the range is half-open."""

    def __init__(self, text):
        self.__dict__.update(json.loads(text))
        self.day_ms = 86_400_000
        self.week_ms = 7 * self.day_ms


def memory_mib(line):
    with open("/proc/self/status", encoding="ascii") as status:
        for text in status:
            if text.startswith(line):
                return int(text.split()[1]) / 1024
    return None


def tell(**figures):
    print(json.dumps(figures), flush=True)


def ask(engine, question, sql):
    rows = engine.rows(sql)
    walls, cpus = [], []
    for _ in range(RUNS):
        # All threads of this process.
        cpu, wall = time.process_time(), time.perf_counter()
        engine.run(sql)
        walls.append((time.perf_counter() - wall) * 1e3)
        cpus.append((time.process_time() - cpu) * 1e3)
    tell(
        question=question,
        rows=[[str(row[0]), [int(number) for number in row[1:]]] for row in rows],
        wall_ms=statistics.median(walls),
        cpu_ms=statistics.median(cpus),
    )


def main():
    kind, folder, spec = sys.argv[1], sys.argv[2], Spec(sys.argv[3])
    module, _, layout = kind.partition("-")
    began = time.perf_counter()
    engine = importlib.import_module(module).Engine(folder, spec, layout)
    tell(load_seconds=time.perf_counter() - began, bytes=engine.bytes(), columns=engine.columns())
    with open("/proc/self/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")
    sql = engine.questions(spec)
    for question in spec.questions:
        ask(engine, question, sql[question])
    tell(peak_mib=memory_mib("VmHWM"))


main()
