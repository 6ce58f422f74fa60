import type { ReactNode } from "react";
import { Card } from "@/components/Card";
import { Num } from "@/components/Num";
import { Skeleton } from "@/components/Skeleton";
import { conversionText } from "@/charts/numbers";
import { latencyOf } from "@/format/latency";
import { exactNumber, plural } from "@/format/number";
import type { Endpoint, QueryLatencyResponse } from "@/gen/observe/reports/v1/latency_service_pb";
import { errorRate } from "./endpoint";
import styles from "./endpoints.module.css";

/** The numbers of an endpoint over the range. */
export function EndpointNumbers({ answer, endpoint }: { answer: QueryLatencyResponse; endpoint: Endpoint }) {
  const { people, peopleAffected } = answer;
  return (
    <Card>
      <dl className={styles.numbers}>
        <One name="Requests" note={people > 0n ? `of ${plural(people, "person", "people")}` : "nobody is named in them"}>
          <Num value={endpoint.requestCount} unit="requests" />
        </One>
        <One name="Failed" note={`${exactNumber(endpoint.errorCount)} requests`}>
          {conversionText(errorRate(endpoint))}
        </One>
        <One name="People affected" note="whose request failed">
          <Num value={peopleAffected} unit="people" />
        </One>
        <One name="p50" note="half were faster">
          {latencyOf(endpoint.p50)}
        </One>
        <One name="p95" note="1 in 20 was slower">
          {latencyOf(endpoint.p95)}
        </One>
        <One name="p99" note="1 in 100 was slower">
          {latencyOf(endpoint.p99)}
        </One>
      </dl>
    </Card>
  );
}

function One({ name, note, children }: { name: string; note: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={styles.value}>{children}</dd>
      <dd className={styles.small}>{note}</dd>
    </div>
  );
}

export function NumbersSkeleton() {
  return (
    <Card>
      <div className={styles.numbers}>
        {Array.from({ length: 6 }, (_, index) => (
          <div key={index} className={styles.waiting}>
            <Skeleton width={60} height={10} />
            <Skeleton width={72} height={20} />
            <Skeleton width={84} height={10} />
          </div>
        ))}
      </div>
    </Card>
  );
}
