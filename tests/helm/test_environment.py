"""The variables of the pods are the ones that the program reads."""

import unittest

from chart import LEAST, ROLES, containers, environment, pod_specs, render, value_sets
from program import graph, read_by, replicas_that_forward, settings

COMMON = {"OBSERVE_LISTEN", "OBSERVE_LOG", "OBSERVE_SECRET"}
TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Environment(unittest.TestCase):
    def test_every_variable_is_a_setting_of_the_program(self):
        for name, values in {"least": LEAST, **value_sets()}.items():
            for role, template in pod_specs(render(values)[0]).items():
                with self.subTest(values=name, pod=role):
                    self.assertLessEqual(set(environment(template)), settings())

    def test_each_role_gets_what_it_needs_and_nothing_of_others(self):
        pods = pod_specs(render()[0])
        for role in ROLES:
            given = set(environment(pods[role])) - COMMON
            urls = {f"OBSERVE_{other.upper()}_URL" for other in graph()[role]}
            stores = set() if role == "gateway" else {"OBSERVE_DATABASE_URL"}
            named = read_by(role) & {"OBSERVE_QUEUE_REDIS_URL", "OBSERVE_ADVERTISE_HOST"}
            bootstrap = {name for name in read_by(role) if name.startswith("OBSERVE_BOOTSTRAP_")}
            self.assertEqual(given, urls | stores | named | bootstrap, role)
            self.assertLessEqual(COMMON, set(environment(pods[role])))
        self.assertEqual(set(environment(pods["migrate"])), {"OBSERVE_LOG", "OBSERVE_DATABASE_URL"})

    def test_a_role_is_an_argument_of_the_one_image(self):
        pods = pod_specs(render()[0])
        images = set()
        for role, template in pods.items():
            (container,) = containers(template)
            self.assertEqual(container["args"], [role])
            images.add(container["image"])
        self.assertEqual(len(images), 1)

    def test_services_find_each_other_by_the_names_there_are(self):
        objects, _ = render()
        addresses = {
            f"http://{found['metadata']['name']}:{port['port']}"
            for found in objects if found["kind"] == "Service" for port in found["spec"]["ports"]
        }
        for template in pod_specs(objects).values():
            for name, value in environment(template).items():
                if name.endswith("_URL") and isinstance(value, str):
                    self.assertIn(value, addresses)

    def test_replicas_that_pass_calls_on_say_where_their_pod_is(self):
        for role, template in pod_specs(render()[0]).items():
            expected = "the pod's status.podIP" if role in replicas_that_forward() else None
            self.assertEqual(environment(template).get("OBSERVE_ADVERTISE_HOST"), expected, role)

    def test_settings_of_the_operator_reach_the_roles_that_read_them(self):
        pods = {role: environment(template) for role, template in pod_specs(render(value_sets()["public"])[0]).items()}
        self.assertEqual(pods["gateway"]["OBSERVE_PUBLIC_URL"], "https://observe.example.com")
        self.assertEqual(pods["gateway"]["OBSERVE_TRUSTED_PROXIES"], "10.0.0.0/8,fd00::/8")
        self.assertEqual(pods["gateway"]["OBSERVE_GEOIP_DB"], "/geoip/places/GeoLite2-City.mmdb")
        self.assertNotIn("OBSERVE_GEOIP_DB", pods["identity"])
        pods = {role: environment(template) for role, template in pod_specs(render(value_sets()["egress"])[0]).items()}
        self.assertEqual(pods["monitor"]["OBSERVE_EGRESS_ALLOW"], "10.20.0.0/16,fd12:3456::/32")
        self.assertNotIn("OBSERVE_EGRESS_ALLOW", pods["gateway"])
        pods = {role: environment(template) for role, template in pod_specs(render(value_sets()["traces"])[0]).items()}
        for role in ROLES:
            self.assertEqual(pods[role][TRACES], "http://collector.telemetry:4317")

    def test_gateways_share_rate_limits_and_reports_keeps_answers_where_there_is_a_cache(self):
        pods = {role: environment(template) for role, template in pod_specs(render(value_sets()["large"])[0]).items()}
        self.assertEqual(pods["gateway"]["OBSERVE_KEY_EVENTS_PER_SECOND"], "2000000")
        self.assertEqual(pods["gateway"]["OBSERVE_ADDRESS_REQUESTS_PER_SECOND"], "0")
        for role in ("gateway", "reports"):
            self.assertEqual(pods[role]["OBSERVE_CACHE_REDIS_URL"], ("demo-observe-stores", "cache-redis-url"))
        for role in set(ROLES) - {"gateway", "reports"}:
            self.assertNotIn("OBSERVE_CACHE_REDIS_URL", pods[role])
        self.assertNotIn("OBSERVE_KEY_EVENTS_PER_SECOND", pods["reports"])

    def test_a_service_can_have_a_postgresql_of_its_own(self):
        pods = {role: environment(template) for role, template in pod_specs(render(value_sets()["slices"])[0]).items()}
        for role in ("identity", "events", "monitor", "reports"):
            name = f"OBSERVE_{role.upper()}_DATABASE_URL"
            self.assertEqual(pods[role][name], (f"{role}-postgresql", "url"))
            self.assertEqual(pods["migrate"][name], (f"{role}-postgresql", "url"))
            self.assertNotIn("OBSERVE_DATABASE_URL", pods[role])
        self.assertNotIn("OBSERVE_DATABASE_URL", pods["migrate"])
