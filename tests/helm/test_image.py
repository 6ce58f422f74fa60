"""The Dockerfile and the compose file fit the repository. Nothing is built here: that needs Docker."""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest

import yaml

from chart import ROOT, pod_specs, render
from program import settings, text

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"
# What docs/OPERATIONS.md asks of the queue Redis.
QUEUE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}


def instructions():
    """Returns the Dockerfile's instructions by stage: (stage, name, arguments)."""
    lines = re.sub(r"\\\n", " ", DOCKERFILE.read_text()).splitlines()
    result, stage = [], ""
    for line in lines:
        if line and not line.startswith("#"):
            name, _, arguments = line.partition(" ")
            if name == "FROM":
                stage = arguments.partition(" AS ")[2] or "image"
            result.append((stage, name, arguments.strip()))
    return result


def copied(stage):
    """Returns what a stage copies from the repository."""
    lists = [arguments.split() for at, name, arguments in instructions() if (at, name) == (stage, "COPY")]
    return [source for words in lists if not words[0].startswith("--from") for source in words[:-1]]


def setting(name):
    """Returns the only instruction of a name in the last stage."""
    (found,) = [arguments for stage, at, arguments in instructions() if (stage, at) == ("image", name)]
    return found


class Image(unittest.TestCase):
    def test_the_dockerfile_has_no_fault_that_a_linter_knows(self):
        linter = pathlib.Path(sys.executable).parent / "hadolint"
        result = subprocess.run([linter, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_what_is_copied_is_there_and_sent_to_the_builder(self):
        ignored = text("deploy/Dockerfile.dockerignore").splitlines()
        sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
        tops = set()
        for stage in ("dashboard", "binary"):
            for source in copied(stage):
                self.assertTrue((ROOT / source).exists(), source)
                tops.add(source.split("/")[0])
        self.assertEqual(sent, tops)

    def test_the_copied_workspace_is_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            for source in copied("binary"):
                target = pathlib.Path(folder) / source
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("target", "node_modules"))
                else:
                    shutil.copy(ROOT / source, target)
            ask = ["cargo", "metadata", "--locked", "--offline", "--no-deps", "--format-version=1"]
            answer = subprocess.run(ask, cwd=folder, capture_output=True, text=True, check=False)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        binaries = [
            target["name"] for package in json.loads(answer.stdout)["packages"]
            for target in package["targets"] if "bin" in target["kind"] and package["name"] == "observe"
        ]
        self.assertEqual(binaries, ["observe"])

    def test_it_is_built_by_the_commands_of_the_makefile(self):
        targets = re.findall(r"^([\w%/.-]+):", text("Makefile"), re.M)
        for stage, name, arguments in instructions():
            if name == "RUN" and "make " in arguments:
                for target in arguments.removeprefix("make ").split():
                    pattern = re.sub(r"^.*/", "%/", target) if "/" in target else target
                    self.assertIn(pattern, targets)
        (build,) = [arguments for stage, name, arguments in instructions() if (stage, name) == ("binary", "RUN")]
        self.assertIn("cargo build --locked --profile dist --package observe", build)
        self.assertIn("target/dist/observe", build)
        self.assertIn("dist", tomllib.loads(text("Cargo.toml"))["profile"])

    def test_the_versions_are_those_of_the_repository(self):
        channel = tomllib.loads(text("rust-toolchain.toml"))["toolchain"]["channel"]
        bases = [arguments.split()[0] for _, name, arguments in instructions() if name == "FROM"]
        self.assertIn(f"rust:{channel}-bookworm", bases)
        node = int(next(base for base in bases if base.startswith("node:")).split(":")[1].split("-")[0])
        engines = json.loads(text("web/package.json"))["engines"]["node"]
        self.assertIn(f">={node}.", engines)
        # One release of Debian in both, or the binary does not find its C library.
        self.assertIn("debian12", bases[-1])

    def test_the_image_runs_as_the_chart_runs_it(self):
        template = pod_specs(render()[0])["gateway"]["spec"]
        security = template["securityContext"]
        self.assertEqual(setting("USER"), f"{security['runAsUser']}:{security['runAsGroup']}")
        self.assertEqual(json.loads(setting("ENTRYPOINT")), ["/observe"])
        for variable in setting("ENV").split():
            self.assertIn(variable.split("=")[0], settings())
        commands = {command.lower() for command in re.findall(r"^    ([A-Z][a-z]+),$", text("src/cli.rs"), re.M)}
        health = json.loads(setting("HEALTHCHECK").split("CMD ")[1])
        used = [health[1], *json.loads(setting("CMD")), *(pod for pod in pod_specs(render()[0]))]
        self.assertLessEqual(set(used), commands)


class Compose(unittest.TestCase):
    def setUp(self):
        self.services = yaml.safe_load(COMPOSE.read_text())["services"]

    def test_it_sets_what_the_program_reads(self):
        self.assertLessEqual(set(self.services["observe"]["environment"]), settings())
        for name, dependency in self.services["observe"]["depends_on"].items():
            self.assertIn("healthcheck", self.services[name])
            self.assertEqual(dependency["condition"], "service_healthy")

    def test_it_has_no_password_of_its_own(self):
        self.assertEqual(re.findall(r"PASSWORD(?!:\?|=\.\.\.|: \$\{)\S*", COMPOSE.read_text()), [])

    def test_its_queue_keeps_what_it_is_given(self):
        with tempfile.TemporaryDirectory() as folder:
            socket = f"{folder}/socket"
            command = [*self.services["queue"]["command"], "--port", "0", "--unixsocket", socket, "--dir", folder]
            queue = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
            try:
                retry = f"until redis-cli -s {shlex.quote(socket)} ping; do sleep 0.05; done"
                subprocess.run(["timeout", "10", "sh", "-c", retry], check=True, capture_output=True)
                for name, value in QUEUE.items():
                    self.assertEqual(self.ask(socket, name), value, name)
                self.assertGreater(int(self.ask(socket, "maxmemory")), 0)
            finally:
                queue.terminate()
                queue.wait(10)

    def ask(self, socket, name):
        ask = ["redis-cli", "-s", socket, "config", "get", name]
        return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split()[1]
