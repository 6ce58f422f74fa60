import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

/** How long the server may work on a unary call before it is given up, in milliseconds. */
const CALL_TIMEOUT_MS = 30_000;

/** Streams live as long as their page; only unary calls get a deadline. */
const deadline: Interceptor = (next) => (request) => {
  if (!request.stream) request.header.set("grpc-timeout", `${CALL_TIMEOUT_MS}m`);
  return next(request);
};

/** The gRPC-web transport to the origin that served the page; the session cookie goes with every call. */
export function makeTransport(): Transport {
  return createGrpcWebTransport({
    baseUrl: window.location.origin,
    fetch: (input, init) => fetch(input, { ...init, credentials: "same-origin" }),
    interceptors: [deadline],
  });
}
