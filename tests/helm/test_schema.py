"""The chart lints, and refuses what cannot be meant."""

import unittest

import helm_python

from chart import CHART, LEAST, merged, render, value_sets

# A wrong value, and a word of the reason that must be given.
BAD = [
    ({"databse": {"url": "postgres://db/x"}}, "databse"),
    ({"image": {"tga": "1"}}, "tga"),
    ({"image": {"tag": 1}}, "tag"),
    ({"image": {"tag": "latest"}}, "tag"),
    ({"image": {"digest": "sha256:123"}}, "digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
    ({"image": {"pullSecrets": "registry"}}, "pullSecrets"),
    ({"image": {"repository": "Observe Images"}}, "repository"),
    ({"fullnameOverride": "-observe"}, "fullnameOverride"),
    ({"publicUrl": "observe.example.com"}, "publicUrl"),
    ({"publicUrl": "https://observe.example.com/path"}, "publicUrl"),
    ({"trustedProxies": ["the proxy"]}, "trustedProxies"),
    ({"trustedProxies": "10.0.0.0/8"}, "trustedProxies"),
    ({"geoip": {"claim": "geoip", "file": "../etc/passwd"}}, "geoip"),
    ({"egressAllow": ["10.0.0.1"]}, "egressAllow"),
    ({"egressAllow": ["10.0.0.0/33"]}, "egressAllow"),
    ({"otlpEndpoint": "collector:4317"}, "otlpEndpoint"),
    ({"otlpEndpoint": "https://collector:4317"}, "otlpEndpoint"),
    ({"log": ""}, "log"),
    ({"database": {"url": "mysql://db/observe"}}, "url"),
    ({"queueRedis": {"url": "http://queue"}}, "url"),
    ({"secret": {"existingSecret": "Not_A_Name"}}, "existingSecret"),
    ({"secret": {"value": "my own secret in the values"}}, "value"),
    ({"bootstrap": {"email": "nobody"}}, "email"),
    ({"bootstrap": {"password": "hunter2hunter2"}}, "password"),
    ({"service": {"type": "ExternalName"}}, "type"),
    ({"service": {"port": 70000}}, "port"),
    ({"ingress": {"enabled": "yes"}}, "enabled"),
    ({"ingress": {"enabled": True}}, "ingress.host"),
    ({"networkPolicy": {"databasePort": "5432"}}, "databasePort"),
    ({"networkPolicy": {"gatewayFrom": [{"namespaceSelectr": {}}]}}, "gatewayFrom"),
    ({"networkPolicy": {"databaseTo": [{"ipBlock": {"cidr": "db.example.com"}}]}}, "cidr"),
    ({"gateway": {"replicas": -1}}, "replicas"),
    ({"gateway": {"replicas": 1.5}}, "replicas"),
    ({"gateway": {"databaseSecret": "gateway-has-none"}}, "databaseSecret"),
    ({"reports": {"resources": {"limits": {"memory": "lots"}}}}, "memory"),
    ({"reports": {"resources": {"limits": {"memory": None}}}}, "memory"),
    ({"podAnnotations": {"answer": 42}}, "podAnnotations"),
    ({"tolerations": [{"efect": "NoSchedule"}]}, "tolerations"),
    ({"database": {"existingSecret": "both"}}, "exclude each other"),
    ({"database": {"url": ""}}, "database.existingSecret is needed"),
    ({"queueRedis": {"url": ""}}, "queueRedis.existingSecret is needed"),
    ({"bootstrap": {"email": ""}}, "bootstrap.existingSecret is needed"),
    ({"bootstrap": {"existingSecret": "both"}}, "exclude each other"),
]


class Schema(unittest.TestCase):
    def test_the_chart_lints_strictly_with_every_value_set(self):
        for name, values in {"least": LEAST, **value_sets()}.items():
            with self.subTest(name):
                report = helm_python.lint(CHART, values, strict=True)
                self.assertEqual(report["errors"], [])
                # Information (1) is that a chart may have an icon.
                serious = [message for message in report["messages"] if message["severity"] > 1]
                self.assertEqual(serious, [])

    def test_wrong_values_are_refused_each_for_its_reason(self):
        for values, reason in BAD:
            with self.subTest(values=values):
                with self.assertRaises(helm_python.HelmError) as refused:
                    wrong = merged(LEAST, values)
                    with helm_python.Chart.load(CHART) as chart:
                        chart.validate_schema(wrong)
                    render(wrong)
                self.assertIn(reason, str(refused.exception))

    def test_everything_missing_is_said_at_once(self):
        with self.assertRaises(helm_python.HelmError) as refused:
            render({})
        for needed in ("database.url", "queueRedis.url", "bootstrap.email"):
            self.assertIn(needed, str(refused.exception))

    def test_there_are_few_values(self):
        with helm_python.Chart.load(CHART) as chart:
            values = chart.values

        def leaves(value):
            deeper = isinstance(value, dict) and value and set(value) != {"requests", "limits"}
            return sum(leaves(inner) for inner in value.values()) if deeper else 1

        self.assertLessEqual(leaves(values), 60)
