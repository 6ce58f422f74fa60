import type { QueryPathsRequest } from "@/gen/observe/reports/v1/paths_pb";
import { EMPTY_QUESTION } from "../question";

/** Which step all paths end at, where steps are counted back from it: with an end point and no start point. Else nothing. */
export function endStep({ startPoint, endPoint, maxSteps }: QueryPathsRequest): number | undefined {
  return endPoint !== "" && startPoint === "" ? maxSteps || EMPTY_QUESTION.paths.depth : undefined;
}
