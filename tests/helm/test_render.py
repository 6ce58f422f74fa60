"""What is rendered is what Kubernetes takes."""

import functools
import json
import unittest

import kubernetes_validate.utils

from chart import LEAST, ROLES, component, merged, of_kind, render, value_sets

# The oldest that the chart admits, one in the middle, and the newest whose schemas there are.
VERSIONS = ("1.30", "1.33", "1.37")
# It reads the same files for each object otherwise.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


class Render(unittest.TestCase):
    def test_every_value_set_is_valid_in_three_versions_of_kubernetes(self):
        sets = {"least": LEAST, **value_sets()}
        self.assertGreaterEqual(len(sets), 8)
        # Most objects are the same in all sets.
        every = {json.dumps(found): name for name, values in sets.items() for found in render(values)[0]}
        for found, name in every.items():
            for version in VERSIONS:
                with self.subTest(values=name, kind=json.loads(found)["kind"], version=version):
                    kubernetes_validate.utils.validate(json.loads(found), version, strict=True)

    def test_names_are_unique_short_and_in_the_namespace(self):
        for release in ("demo", "observe", "a-release-name-that-is-as-long-as-helm-permits-them"):
            objects, _ = render(name=release)
            names = [(found["kind"], found["metadata"]["name"]) for found in objects]
            self.assertEqual(len(names), len(set(names)))
            for found in objects:
                self.assertLessEqual(len(found["metadata"]["name"]), 63)
                self.assertEqual(found["metadata"]["namespace"], "observe")

    def test_every_role_has_a_deployment_and_a_service_that_selects_it(self):
        objects, _ = render()
        pods = {component(found): found for found in of_kind(objects, "Deployment")}
        self.assertEqual(set(pods), set(ROLES))
        for service in of_kind(objects, "Service"):
            template = pods[component(service)]["spec"]["template"]
            labels = template["metadata"]["labels"].items()
            self.assertLessEqual(service["spec"]["selector"].items(), labels)
            ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
            self.assertLessEqual({port["targetPort"] for port in service["spec"]["ports"]}, ports)

    def test_the_schemas_are_brought_up_to_date_before_anything_else(self):
        objects, _ = render()
        (job,) = of_kind(objects, "Job")
        self.assertEqual(job["metadata"]["annotations"]["helm.sh/hook"], "pre-install,pre-upgrade")
        self.assertEqual(job["spec"]["template"]["spec"]["containers"][0]["args"], ["migrate"])
        # What it refers to must be there before it, and the release's own objects are not.
        needed = [found for found in objects if found["metadata"]["name"] == "demo-observe-migrate"]
        self.assertEqual({found["kind"] for found in needed}, {"Job", "Secret", "NetworkPolicy"})
        weights = {
            found["kind"]: int(found["metadata"]["annotations"]["helm.sh/hook-weight"]) for found in needed
        }
        self.assertLess(max(weights["Secret"], weights["NetworkPolicy"]), weights["Job"])

    def test_a_budget_protects_what_has_a_second_replica(self):
        for replicas, expected in ((1, False), (2, True)):
            objects, _ = render(merged(LEAST, {"identity": {"replicas": replicas}}))
            budgets = {component(found) for found in of_kind(objects, "PodDisruptionBudget")}
            self.assertEqual("identity" in budgets, expected)

    def test_a_new_store_starts_new_pods(self):
        def checksums(values):
            objects, _ = render(values)
            return {
                found["spec"]["template"]["metadata"]["annotations"]["checksum/stores"]
                for found in of_kind(objects, "Deployment")
            }

        before, again = checksums(LEAST), checksums(LEAST)
        after = checksums(merged(LEAST, {"database": {"url": "postgres://other/observe"}}))
        self.assertEqual(before, again)
        self.assertTrue(before.isdisjoint(after))

    def test_the_ingress_leads_to_the_gateway_by_tls(self):
        objects, _ = render(value_sets()["public"])
        (ingress,) = of_kind(objects, "Ingress")
        self.assertEqual(ingress["spec"]["tls"], [{"hosts": ["observe.example.com"], "secretName": "observe-tls"}])
        backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        services = {found["metadata"]["name"]: found for found in of_kind(objects, "Service")}
        ports = services[backend["name"]]["spec"]["ports"]
        self.assertIn(backend["port"]["name"], {port["name"] for port in ports})
        self.assertEqual(component(services[backend["name"]]), "gateway")
        self.assertEqual(of_kind(render()[0], "Ingress"), [])
