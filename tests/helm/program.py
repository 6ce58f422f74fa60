"""What the program reads and offers, from its sources."""

import re
import tomllib

from chart import ROOT

SETTING = re.compile(r'"((?:OBSERVE|OTEL)_[A-Z_]+)"')


def text(path):
    return (ROOT / path).read_text()


def sources(folder):
    """Returns all Rust code in a folder."""
    return "\n".join(path.read_text() for path in sorted((ROOT / folder).rglob("*.rs")))


def settings():
    """Returns every variable that the program reads."""
    return set(SETTING.findall(text("crates/runtime/src/config.rs").split("mod tests")[0]))


def read_by(service):
    """Returns the variables that a service's own code names."""
    return set(SETTING.findall(sources(f"services/{service}/src")))


def roles():
    """Returns the roles of src/role.rs: name to (port, names of those it calls)."""
    code = text("src/role.rs")
    table = re.findall(r'Role\s*\{\s*name: "(\w+)",\s*port: (\d+),\s*calls: &\[(.*?)\]', code, re.S)
    return {name: (int(port), {call.lower() for call in re.findall(r"[A-Z]+", calls)}) for name, port, calls in table}


def replicas_that_forward():
    """Returns the services whose replicas pass calls on to each other."""
    return set(tomllib.loads(text("docs/service-graph.toml"))["replicas"]["forward"])


def graph():
    """Returns the call graph: service to those it calls."""
    calls = tomllib.loads(text("docs/service-graph.toml"))["calls"]
    return {service: set(callees) for service, callees in calls.items()}
