import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { Incident_Kind, Incident_Severity, IncidentEntry_Kind, type IncidentSchema, IncidentService } from "@/gen/observe/monitor/v1/incident_service_pb";
import { monitorId } from "@/features/uptime/fixtures";

type IncidentInit = MessageInitShape<typeof IncidentSchema>;
const MINUTE = 60_000;
const ME = "0198c5a2-0000-7000-8000-000000000001";
const ago = (minutes: number) => timestampFromMs(Date.now() - minutes * MINUTE);

const ALL: readonly IncidentInit[] = [
  { id: "i1", kind: Incident_Kind.MONITOR_DOWN, severity: Incident_Severity.CRITICAL, subject: monitorId(0), title: "Checkout is down", detail: "The connection to 203.0.113.7:443 was refused.", openedTime: ago(9), link: `uptime/${monitorId(0)}` },
  { id: "i2", kind: Incident_Kind.ENDPOINT_FAILING, severity: Incident_Severity.CRITICAL, title: "POST /checkout is failing", detail: "38 % of requests fail, 0.4 % did before.", openedTime: ago(11), acknowledgedTime: ago(7), acknowledgedBy: ME, link: "endpoints/one?service=checkout&method=POST&route=%2Fcheckout" },
  { id: "i3", kind: Incident_Kind.ERROR_SPIKE, severity: Incident_Severity.WARNING, title: `TypeError: <b>cart</b> is undefined ${"and so on ".repeat(14)}`, detail: "124 times in 10 minutes, new.", openedTime: ago(34), link: "errors/e1" },
  { id: "i4", kind: Incident_Kind.ENDPOINT_SLOW, severity: Incident_Severity.WARNING, title: "GET /search is slow", detail: "p95 was 2.1 s, 180 ms before.", openedTime: ago(60 * 26), closedTime: ago(60 * 25), link: "endpoints/one?service=search&method=GET&route=%2Fsearch" },
  { id: "i5", kind: Incident_Kind.MONITOR_DOWN, severity: Incident_Severity.CRITICAL, subject: monitorId(0), title: "Checkout is down", detail: "The answer had status 503.", openedTime: ago(60 * 24 * 6), closedTime: ago(60 * 24 * 6 - 12), acknowledgedTime: ago(60 * 24 * 6 - 3), acknowledgedBy: "u2", link: `uptime/${monitorId(0)}` },
];

export function addFixtures(router: ConnectRouter, variant: string): void {
  const incidents = variant === "empty" ? [] : ALL.map((one) => ({ ...one }));
  /** The variant "waiting" never answers, so that loading states can be seen. */
  const asked = () => (variant === "waiting" ? new Promise<void>(() => undefined) : undefined);
  const find = (id: string) => {
    const found = incidents.find((one) => one.id === id);
    if (!found) throw fail(Code.NotFound, "no such incident", "NOT_FOUND");
    return found;
  };
  router.rpc(IncidentService.method.listIncidents, async (request) => {
    await asked();
    if (variant === "error") throw fail(Code.Unavailable, "monitor is away", "DEPENDENCY_UNAVAILABLE");
    return { incidents: incidents.filter((one) => (!request.openOnly || !one.closedTime) && (!request.monitorId || one.subject === request.monitorId)) };
  });
  router.rpc(IncidentService.method.getIncident, async ({ incidentId }) => {
    await asked();
    const incident = find(incidentId);
    return {
      incident,
      timeline: [
        { time: incident.openedTime, kind: IncidentEntry_Kind.OPENED, text: incident.detail },
        { time: ago(8.9), kind: IncidentEntry_Kind.ALERT_FAILED, text: "On-call bot: the answer had status 502; the next try is in 5 s." },
        { time: ago(8.8), kind: IncidentEntry_Kind.ALERT_DELIVERED, text: "On-call bot" },
        ...(incident.acknowledgedTime ? [{ time: incident.acknowledgedTime, kind: IncidentEntry_Kind.ACKNOWLEDGED, userId: incident.acknowledgedBy }] : []),
        ...(incident.closedTime ? [{ time: incident.closedTime, kind: IncidentEntry_Kind.CLOSED, text: "The monitor is up again." }] : []),
      ],
    };
  });
  router.rpc(IncidentService.method.acknowledgeIncident, ({ incidentId }) => ({ incident: Object.assign(find(incidentId), { acknowledgedTime: ago(0), acknowledgedBy: ME }) }));
  router.rpc(IncidentService.method.resolveIncident, ({ incidentId }) => ({ incident: Object.assign(find(incidentId), { closedTime: ago(0) }) }));
}
