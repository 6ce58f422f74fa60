"""Who may reach whom."""

import ipaddress
import unittest

from chart import LEAST, ROLES, component, merged, of_kind, render, value_sets
from program import graph, replicas_that_forward, roles

PRIVATE = (
    "10.0.0.1", "172.16.5.4", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1", "0.0.0.0",
    "169.254.169.254", "169.254.170.2", "168.63.129.16", "198.18.0.1", "224.0.0.1", "255.255.255.255",
    "::1", "fe80::1", "fd00:ec2::254", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
    "2001:db8::1", "2002:a00:1::1",
)
PUBLIC = ("93.184.215.14", "1.1.1.1", "172.32.0.1", "2606:4700::1111")
# Stores and a collector at known places, so that nothing is open "anywhere".
NARROW = {
    "otlpEndpoint": "http://collector.telemetry:4317",
    "networkPolicy": {
        "databaseTo": [{"ipBlock": {"cidr": "10.1.0.0/24"}}],
        "redisTo": [{"ipBlock": {"cidr": "10.2.0.0/24"}}],
        "collectorTo": [{"namespaceSelector": {"matchLabels": {"name": "telemetry"}}}],
    },
}


def policies(values):
    """Returns each role's NetworkPolicy."""
    found = of_kind(render(values)[0], "NetworkPolicy")
    return {component(policy): policy["spec"] for policy in found if component(policy)}


def ours(peers):
    """Returns the components of this release that a rule names."""
    selected = [peer["podSelector"]["matchLabels"] for peer in peers if "namespaceSelector" not in peer and "podSelector" in peer]
    return {labels["app.kubernetes.io/component"] for labels in selected}


def edges(specs, direction, side):
    return {
        role: set().union(*(ours(rule.get(side, [])) for rule in spec.get(direction) or []))
        for role, spec in specs.items()
        if role in ROLES
    }


def may_dial(spec, address, port):
    """Returns whether the policy lets its pods reach an address outside the cluster."""
    address = ipaddress.ip_address(address)
    for rule in spec["egress"]:
        ports = rule.get("ports")
        if ports and port not in [allowed["port"] for allowed in ports]:
            continue
        for peer in rule["to"]:
            block = peer.get("ipBlock")
            inside = lambda network: address in ipaddress.ip_network(network)
            if block and inside(block["cidr"]) and not any(map(inside, block.get("except", []))):
                return True
    return False


class Edges(unittest.TestCase):
    def test_the_policies_are_the_written_graph(self):
        specs, written = policies(LEAST), graph()
        for role in replicas_that_forward():
            written[role].add(role)
        self.assertEqual(edges(specs, "egress", "to"), written)
        called_by = {role: {other for other in ROLES if role in written[other]} for role in ROLES}
        self.assertEqual(edges(specs, "ingress", "from"), called_by)

    def test_the_program_calls_the_same_services_on_the_same_ports(self):
        program = roles()
        self.assertEqual({role: calls for role, (_, calls) in program.items()}, graph())
        for deployment in of_kind(render()[0], "Deployment"):
            container = deployment["spec"]["template"]["spec"]["containers"][0]
            port, _ = program[component(deployment)]
            self.assertEqual(container["ports"][0]["containerPort"], port)

    def test_what_has_no_rule_is_denied(self):
        (deny,) = [found for found in of_kind(render()[0], "NetworkPolicy") if not component(found)]
        self.assertEqual(deny["spec"]["policyTypes"], ["Ingress", "Egress"])
        self.assertNotIn("ingress", deny["spec"])
        self.assertNotIn("egress", deny["spec"])
        selected = deny["spec"]["podSelector"]["matchLabels"].items()
        for role, template in ((component(found), found["spec"]["template"]) for found in of_kind(render()[0], "Deployment", "Job")):
            self.assertLessEqual(selected, template["metadata"]["labels"].items(), role)

    def test_only_the_gateway_is_reached_from_outside_and_only_by_whom_one_says(self):
        for role, spec in policies(LEAST).items():
            open_to_all = [rule for rule in spec.get("ingress") or [] if "from" not in rule]
            self.assertEqual(len(open_to_all), 1 if role == "gateway" else 0, role)
        narrowed = policies(value_sets()["public"])["gateway"]["ingress"]
        self.assertEqual([list(rule["from"][0]) for rule in narrowed], [["namespaceSelector"]])

    def test_monitor_reaches_public_addresses_and_no_others(self):
        monitor = policies(merged(LEAST, NARROW))["monitor"]
        for port in (53, 80, 443, 8080, 5432, 6379, 4317):
            for address in PRIVATE:
                self.assertFalse(may_dial(monitor, address, port), f"{address}:{port}")
            for address in PUBLIC:
                self.assertTrue(may_dial(monitor, address, port), f"{address}:{port}")

    def test_monitor_reaches_a_network_that_the_operator_names(self):
        allowed = policies(merged(merged(LEAST, NARROW), {"egressAllow": ["10.20.0.0/16"]}))["monitor"]
        self.assertTrue(may_dial(allowed, "10.20.1.1", 8080))
        self.assertFalse(may_dial(allowed, "10.21.1.1", 8080))

    def test_nobody_else_reaches_the_outside(self):
        for role, spec in policies(merged(LEAST, NARROW)).items():
            if role != "monitor":
                for address in (*PUBLIC, "169.254.169.254"):
                    self.assertFalse(may_dial(spec, address, 443), role)

    def test_each_role_reaches_the_stores_that_it_has(self):
        reached = {
            role: (may_dial(spec, "10.1.0.5", 5432), may_dial(spec, "10.2.0.5", 6379))
            for role, spec in policies(merged(LEAST, NARROW)).items()
        }
        database_only = {role: (True, False) for role in ("identity", "monitor", "reports", "migrate")}
        self.assertEqual(reached, {**database_only, "gateway": (False, False), "events": (True, True)})

    def test_stores_that_are_anywhere_are_not_where_a_cloud_keeps_its_credentials(self):
        for role, spec in policies(LEAST).items():
            for port in (5432, 6379):
                self.assertFalse(may_dial(spec, "169.254.169.254", port), role)

    def test_the_policies_can_be_left_to_somebody_else(self):
        without = render(merged(LEAST, {"networkPolicy": {"enabled": False}}))[0]
        self.assertEqual(of_kind(without, "NetworkPolicy"), [])
