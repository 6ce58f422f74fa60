import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { durationMs } from "@/format/time";
import { FilterSchema } from "@/gen/observe/common/v1/filter_pb";
import { type SavedInsight, SavedInsightSchema } from "@/gen/observe/reports/v1/saved_insight_service_pb";
import { decodeQuestion } from "../questionUrl";
import type { Asker } from "../request";
import { displayOf, essence, fromSavedInsight, savedSearch, toInsightQuery } from "./insightQuery";

const ASKER: Asker = { projectId: "p1", timeZone: "Europe/Berlin", now: Date.UTC(2026, 4, 31, 10) };
const question = (search: string) => decodeQuestion(new URLSearchParams(search));

function saved(search: string): SavedInsight {
  const asked = question(search);
  return create(SavedInsightSchema, { id: "i1", name: "n", query: toInsightQuery(asked, ASKER) ?? {}, display: displayOf(asked) });
}

describe("a saved insight", () => {
  it.each([
    "range=30d&series=unique:a|e,plan,is,pro&series=p95,ms:b&formula=A / B&compare=previous&interval=week&by=c,one&as=bars&unit=company",
    "tab=funnel&range=14d&step=a&step=b||optional&step=c|any;p,x,set;s,$is_bounce,is,true&window=90m&order=strict&without=d||2-3&by=e,plan,10,step2&show=time",
    "tab=retention&range=90d&start=a&return=b|c,,is_not,one&period=month&periods=13&cohorts=recurring&counting=on-or-after&windows=rolling&cells=counts",
    "tab=lifecycle&range=2026-05-01T00:00..2026-05-20T12:30&active=a&interval=day&where=e,plan,gt,3",
    "tab=stickiness&range=36h&series=total:a&series=total:b&interval=hour",
    "tab=paths&range=7d&path=custom&from=a&to=b&depth=3&links=20",
  ])("is opened as it was saved: %s", (search) => {
    expect(fromSavedInsight(saved(search), ASKER.timeZone)).toEqual(question(search));
    expect(essence(question(search), ASKER)).toBe(essence(fromSavedInsight(saved(search), ASKER.timeZone)!, ASKER));
  });

  it("keeps a range up to now as one, and fixed ends as fixed", () => {
    const { query } = saved("range=30d&series=total:a");
    expect(query?.last && durationMs(query.last)).toBe(30 * 86_400_000);
    expect(saved("range=2026-05-01..2026-05-02&series=total:a").query?.last).toBeUndefined();
  });

  it("of any length up to now can be opened", () => {
    const insight = saved("series=total:a");
    insight.query!.last = durationFromMs(45 * 86_400_000);
    expect(fromSavedInsight(insight, ASKER.timeZone)?.range).toEqual({ kind: "last", hours: 1_080 });
  });

  it("is linked to with its question and its id", () => {
    expect(savedSearch(saved("tab=paths&from=/a"), ASKER.timeZone)).toBe("tab=paths&from=/a&saved=i1");
  });

  it("that says more than the page can show is not shown as less", () => {
    const insight = saved("series=total:a&where=e,x,set");
    const filter = insight.query?.kind.value?.filter;
    filter?.groups.push(create(FilterSchema, { conditions: [{ property: "y" }] }));
    expect(fromSavedInsight(insight, ASKER.timeZone)).toBeNull();
    expect(savedSearch(insight, ASKER.timeZone)).toBe("saved=i1");
  });

  it("is no insight before it can be asked", () => {
    expect([toInsightQuery(question("tab=funnel&step=a"), ASKER), toInsightQuery(question("series=sum:a"), ASKER), toInsightQuery(question("tab=saved"), ASKER)]).toEqual([null, null, null]);
  });
});
