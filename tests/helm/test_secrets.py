"""No secret leaves its Secret, and what was made once is kept."""

import base64
import pathlib
import re
import shutil
import tempfile
import unittest

import yaml

from chart import CHART, LEAST, ROOT, environment, merged, of_kind, pod_specs, render, value_sets
from program import text


def decoded(secret):
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}


def secrets(objects):
    return {found["metadata"]["name"]: decoded(found) for found in of_kind(objects, "Secret")}


class Secrets(unittest.TestCase):
    def test_no_secret_is_outside_a_secret(self):
        for name, values in {"least": LEAST, **value_sets()}.items():
            objects, notes = render(values)
            others = yaml.safe_dump([found for found in objects if found["kind"] != "Secret"]) + notes
            for secret in secrets(objects).values():
                for key, value in secret.items():
                    with self.subTest(values=name, key=key):
                        self.assertNotIn(value, others)
                        self.assertNotIn(base64.b64encode(value.encode()).decode(), others)
            for password in ("databasepassword", "redispassword"):
                self.assertNotIn(password, others)

    def test_every_reference_leads_to_a_secret_of_ours_or_of_the_operator(self):
        for name, values in {"least": LEAST, **value_sets()}.items():
            objects, _ = render(values)
            made, given = secrets(objects), re.findall(r"[a-z-]+", yaml.safe_dump(values))
            for role, template in pod_specs(objects).items():
                for variable, reference in environment(template).items():
                    if isinstance(reference, tuple):
                        with self.subTest(values=name, pod=role, variable=variable):
                            secret, key = reference
                            self.assertTrue(key in made.get(secret, {}) or secret in given)

    def test_what_is_generated_is_what_the_program_takes(self):
        made = secrets(render()[0])
        self.assertGreaterEqual(len(made["demo-observe-secret"]["secret"]), 32)
        first = made["demo-observe-bootstrap"]
        self.assertEqual(first["email"], "owner@example.com")
        self.assertGreaterEqual(len(first["password"]), 20)
        for key, prefix in (("write-key", "obs_pub_"), ("secret-key", "obs_sec_")):
            # A key of 38 would have to end in a checksum.
            self.assertRegex(first[key], f"^{prefix}[A-Za-z0-9]{{32}}$")
        other = merged(LEAST, {"log": "debug"})
        self.assertNotEqual(secrets(render(other)[0])["demo-observe-secret"], made["demo-observe-secret"])

    def test_generated_secrets_stay_when_the_release_goes(self):
        for secret in of_kind(render()[0], "Secret"):
            generated = secret["metadata"]["name"] in ("demo-observe-secret", "demo-observe-bootstrap")
            kept = secret["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"
            self.assertEqual(kept, generated, secret["metadata"]["name"])

    def test_an_upgrade_keeps_what_was_generated(self):
        first = {found["metadata"]["name"]: found for found in of_kind(render()[0], "Secret")}
        # There is no cluster to look anything up in, so a copy of the chart looks into the values.
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(shutil.copytree(CHART, pathlib.Path(folder) / "observe"))
            helper = copy / "templates" / "_secrets.tpl"
            asked = 'lookup "v1" "Secret" .root.Release.Namespace .name'
            self.assertEqual(helper.read_text().count(asked), 1)
            helper.write_text(helper.read_text().replace(asked, "get .root.Values.global.cluster .name"))
            cluster = {"global": {"cluster": first}, "bootstrap": {"email": "other@example.com"}}
            again = secrets(render(merged(LEAST, cluster), chart=copy)[0])
            del first["demo-observe-bootstrap"]["data"]["write-key"]
            partly = secrets(render(merged(LEAST, cluster), chart=copy)[0])
        for name in ("demo-observe-secret", "demo-observe-bootstrap"):
            kept = decoded(first[name])
            self.assertLessEqual(kept.items(), again[name].items())
            self.assertLessEqual(kept.items(), partly[name].items())
        self.assertEqual(again["demo-observe-bootstrap"]["email"], "owner@example.com")
        self.assertRegex(partly["demo-observe-bootstrap"]["write-key"], "^obs_pub_")

    def test_secrets_of_the_operator_are_used_and_none_is_made(self):
        objects, _ = render(value_sets()["existing-secrets"])
        self.assertEqual(of_kind(objects, "Secret"), [])

    def test_no_file_of_the_chart_holds_a_secret(self):
        for path in [*CHART.rglob("*"), *(ROOT / "deploy").iterdir()]:
            if path.is_file():
                self.assertNotRegex(path.read_text(), r"obs_(pub|sec)_[A-Za-z0-9]{8}|://[^:/@\s]+:[A-Za-z0-9]{4,}@", path)
        self.assertIn("is a placeholder", text("src/installation.rs"))
