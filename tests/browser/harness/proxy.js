import { createServer, request as ask } from "node:http";

/** What a refusal needs so that a page of another site can read it. */
const CORS = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after" };

/**
 * What can go wrong with a request between a page and Observe. `forward()` passes it on and answers what Observe said, with
 * the whole body.
 */
export const faults = {
  /** An answer that Observe never gave: it has not seen the request. */
  answer: (status, headers = {}) => ({ outgoing }) => outgoing.writeHead(status, { ...CORS, ...headers }).end('{"code":"X","message":"a fault"}'),
  /** The connection breaks before Observe has seen the request. */
  drop: ({ outgoing }) => outgoing.destroy(),
  /** Observe took it, and its answer is lost. */
  cut: async ({ outgoing, forward }) => {
    await forward();
    outgoing.destroy();
  },
  /** Observe took it, and the answer breaks off in the middle. */
  half: async ({ outgoing, forward }) => {
    const { status, headers, body } = await forward();
    outgoing.writeHead(status, headers);
    outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
  },
  /** Observe took it, and nobody hears of it for ever. */
  mute: ({ forward }) => forward(),
  /** Nobody takes it, and nobody says so. */
  hole: () => undefined,
};

/**
 * A first-party proxy in front of Observe that notes every request: method, path, body, status. While `fault` is set, it
 * decides what happens to posted requests: called with each, it answers one of `faults`, or nothing to let it through.
 */
export async function startProxy(target) {
  const seen = [];
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  const listen = (port) => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address();

  async function pass(incoming, outgoing) {
    const noted = { method: incoming.method, path: incoming.url, body: "", at: Date.now() };
    seen.push(noted);
    const parts = [];
    incoming.on("error", () => outgoing.destroy());
    incoming.on("data", (part) => parts.push(part));
    await new Promise((resolve) => incoming.once("end", resolve).once("close", resolve));
    const body = Buffer.concat(parts);
    noted.body = body.toString();
    const forward = () => passOn(target, incoming, body, noted);
    const fault = incoming.method === "POST" && proxy.fault?.(noted);
    try {
      if (fault) {
        noted.faulty = true;
        return await fault({ outgoing, forward });
      }
      const answer = await forward();
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body);
    } catch {
      outgoing.destroy();
    }
  }

  const proxy = {
    url: `http://127.0.0.1:${port}`,
    fault: undefined,
    seen,
    /** The events in all posted bodies that were accepted. */
    events: () => seen.filter(({ status }) => status === 202).flatMap(({ body }) => JSON.parse(body).events),
    /** Nobody listens any more, and what was under way breaks. */
    goAway() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
    /** Listens again, at the same address. */
    comeBack: () => listen(port),
    stop: () => server.listening && proxy.goAway(),
  };
  return proxy;
}

function passOn(target, incoming, body, noted) {
  return new Promise((resolve, reject) => {
    const onward = ask(target + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      noted.status = answer.statusCode;
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    onward.on("error", reject);
    onward.end(body);
  });
}
