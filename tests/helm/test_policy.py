"""What every pod must be, whatever the values."""

import unittest

from chart import LEAST, containers, pod_specs, render, value_sets
from program import sources, text

NOBODY = 65532


class Policy(unittest.TestCase):
    def each_pod(self):
        """Returns every pod of every value set: its role and its spec."""
        every = [LEAST, *value_sets().values()]
        return [(role, pod["spec"]) for values in every for role, pod in pod_specs(render(values)[0]).items()]

    def test_no_pod_is_root_or_has_a_token(self):
        for _, spec in self.each_pod():
            security = spec["securityContext"]
            self.assertIs(security["runAsNonRoot"], True)
            self.assertEqual((security["runAsUser"], security["runAsGroup"]), (NOBODY, NOBODY))
            self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertIs(spec["automountServiceAccountToken"], False)
            for shared in ("hostNetwork", "hostPID", "hostIPC"):
                self.assertNotIn(shared, spec)

    def test_no_container_can_write_or_gain_anything(self):
        for _, spec in self.each_pod():
            for container in containers({"spec": spec}):
                security = container["securityContext"]
                self.assertIs(security["readOnlyRootFilesystem"], True)
                self.assertIs(security["allowPrivilegeEscalation"], False)
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
            for volume in spec.get("volumes", []):
                if volume["name"] == "geoip":
                    # The one that is not empty is the operator's, and only read.
                    self.assertIs(volume["persistentVolumeClaim"]["readOnly"], True)
                    (container,) = spec["containers"]
                    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
                    self.assertIs(mounts["geoip"]["readOnly"], True)
                    continue
                self.assertEqual(set(volume), {"name", "emptyDir"})
                self.assertIn("sizeLimit", volume["emptyDir"])

    def test_every_container_has_requests_and_limits(self):
        for _, spec in self.each_pod():
            for container in containers({"spec": spec}):
                for kind in ("requests", "limits"):
                    self.assertEqual(set(container["resources"][kind]), {"cpu", "memory"})

    def test_kubernetes_sets_no_variable_that_the_program_would_refuse(self):
        # A Service called observe-events would become OBSERVE_EVENTS_SERVICE_HOST, which is no setting.
        for _, spec in self.each_pod():
            self.assertIs(spec["enableServiceLinks"], False)

    def test_every_service_has_three_probes_that_it_answers(self):
        health_names = sources("crates/runtime/src/server") + text("crates/runtime/src/server.rs")
        for role, spec in self.each_pod():
            if role == "migrate":
                self.assertEqual(spec["restartPolicy"], "Never")
                continue
            (container,) = spec["containers"]
            live, ready = container["livenessProbe"], container["readinessProbe"]
            port = container["ports"][0]
            if role == "gateway":
                self.assertEqual((live["httpGet"]["path"], ready["httpGet"]["path"]), ("/healthz", "/readyz"))
                self.assertEqual((live["httpGet"]["port"], ready["httpGet"]["port"]), ("http", "http"))
            else:
                self.assertEqual((live["grpc"]["port"], ready["grpc"]["port"]), (port["containerPort"],) * 2)
                # Liveness is told by the process alone; no store has a say in it.
                names = health_names + sources(f"services/{role}/src")
                for told in (live["grpc"]["service"], ready["grpc"].get("service", "")):
                    self.assertTrue(f'"{told}"' in names, f"nobody tells of {told}")
            action = "httpGet" if role == "gateway" else "grpc"
            self.assertEqual(container["startupProbe"][action], live[action])

    def test_a_postgresql_that_is_away_does_not_take_capture_with_it(self):
        template = pod_specs(render()[0])["events"]
        ready = template["spec"]["containers"][0]["readinessProbe"]
        self.assertEqual(ready["grpc"]["service"], "observe.events.v1.IngestService")

    def test_a_pod_has_time_to_drain(self):
        grace = 25
        self.assertIn(f"GRACE: Duration = Duration::from_secs({grace})", text("crates/runtime/src/lifecycle.rs"))
        for role, spec in self.each_pod():
            if role != "migrate":
                wait = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
                self.assertEqual(spec["terminationGracePeriodSeconds"], 60)
                self.assertGreater(60, 2 * grace + wait, "the edge drains, then what is behind it")

    def test_replicas_are_spread(self):
        for role, spec in self.each_pod():
            if role != "migrate":
                keys = {rule["topologyKey"] for rule in spec["topologySpreadConstraints"]}
                self.assertEqual(keys, {"kubernetes.io/hostname", "topology.kubernetes.io/zone"})
