import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { equals } from "@bufbuild/protobuf";
import { skipToken, useQuery } from "@connectrpc/connect-query";
import { useEffect, useState } from "react";
import { isRetryable } from "@/api/errors";

/** How long the question has to rest before it is asked, in milliseconds. */
const REST_MS = 200;
/** How often an answer is asked for again while the page is looked at, in milliseconds. */
const RENEW_MS = 60_000;
/** The same after a trouble that passes by itself, in milliseconds. */
const RETRY_MS = 4_000;

export interface Answered<I, O> {
  request: I;
  response: O;
}

export interface Answer<I, O> {
  /** The newest answer together with the question it answers, which may be the one before. */
  answered: Answered<I, O> | undefined;
  /** Another answer is under way. */
  pending: boolean;
  error: unknown;
  retry(): void;
}

/** Asks a question once it has rested, and keeps the answer before until the next one is there. */
export function useAnswer<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  request: MessageShape<I> | null,
): Answer<MessageShape<I>, MessageShape<O>> {
  const rested = useRested(request, method.input);
  const [last, setLast] = useState<Answered<MessageShape<I>, MessageShape<O>>>();
  const input = (rested ?? skipToken) as MessageInitShape<I> | typeof skipToken;
  const query = useQuery(method, input, {
    refetchInterval: ({ state }) => (state.error === null ? RENEW_MS : isRetryable(state.error) ? RETRY_MS : false),
  });
  const response = query.data;
  if (rested && response && (last?.response !== response || last.request !== rested)) {
    setLast({ request: rested, response });
  }
  const changed = request !== null && rested !== null && !equals(method.input, request, rested);
  return {
    answered: request === null ? undefined : last,
    pending: request !== null && (changed || rested === null || (query.isPending && !query.error)),
    error: changed ? null : query.error,
    retry: () => void query.refetch(),
  };
}

/** The value after it has not changed for a moment; the first one at once. */
function useRested<D extends DescMessage>(value: MessageShape<D> | null, schema: D): MessageShape<D> | null {
  const [rested, setRested] = useState(value);
  const same = value === rested || (value !== null && rested !== null && equals(schema, value, rested));
  if (rested === null && value !== null) setRested(value);
  useEffect(() => {
    if (same) return;
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [same, value]);
  return rested;
}
