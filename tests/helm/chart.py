"""The chart, rendered: what the tests share."""

import copy
import functools
import json
import pathlib

import helm_python
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "observe"
VALUES = pathlib.Path(__file__).resolve().parent / "values"
# The one in C, where there is one.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ROLES = ("events", "gateway", "identity", "monitor", "reports")

# The least that an operator has to say.
LEAST = {
    "database": {"url": "postgres://observe:databasepassword@db.example.com/observe"},
    "queueRedis": {"url": "redis://:redispassword@queue.example.com:6379"},
    "bootstrap": {"email": "owner@example.com"},
}


def value_sets():
    """Returns the value sets of an operator, by name."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted(VALUES.glob("*.yaml"))}


def merged(values, more):
    """Returns `values` with `more` in it, as Helm merges them."""
    result = dict(values)
    for key, value in more.items():
        inner = result.get(key)
        both = isinstance(value, dict) and isinstance(inner, dict)
        result[key] = merged(inner, value) if both else value
    return result


def render(values=None, chart=CHART, name="demo"):
    """Renders the chart and returns its objects and the notes. What was made at random stays the same for the same values."""
    return copy.deepcopy(rendered(json.dumps(LEAST if values is None else values), chart, name))


@functools.cache
def rendered(values, chart, name):
    with helm_python.Chart.load(chart) as loaded:
        files = loaded.render(json.loads(values), name=name, namespace="observe")
    objects, notes = [], ""
    for path, text in files.items():
        if path.endswith("NOTES.txt"):
            notes = text
        else:
            objects += [found for found in yaml.load_all(text, LOADER) if found]
    return objects, notes


def of_kind(objects, *kinds):
    return [found for found in objects if found["kind"] in kinds]


def component(found):
    return found["metadata"]["labels"].get("app.kubernetes.io/component")


def pod_specs(objects):
    """Returns every pod's template, by component."""
    return {
        component(found): found["spec"]["template"]
        for found in of_kind(objects, "Deployment", "Job")
    }


def containers(template):
    spec = template["spec"]
    return spec["containers"] + spec.get("initContainers", [])


def environment(template):
    """Returns a pod's variables: name to value or to (secret, key)."""
    result = {}
    for container in containers(template):
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            if reference := source.get("secretKeyRef"):
                value = (reference["name"], reference["key"])
            elif reference := source.get("fieldRef"):
                value = f"the pod's {reference['fieldPath']}"
            else:
                value = variable["value"]
            assert variable["name"] not in result, f"{variable['name']} is set twice"
            result[variable["name"]] = value
    return result
