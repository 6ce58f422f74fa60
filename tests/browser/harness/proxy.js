import { createServer, request as ask } from "node:http";

/** A first-party proxy in front of Observe that notes every request: method, path, body. */
export async function startProxy(target) {
  const seen = [];
  const server = createServer((incoming, outgoing) => {
    const noted = { method: incoming.method, path: incoming.url, body: "" };
    seen.push(noted);
    incoming.on("data", (part) => (noted.body += part));
    const onward = ask(target + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      noted.status = answer.statusCode;
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    /** The events in all posted bodies that were accepted. */
    events: () => seen.filter(({ status }) => status === 202).flatMap(({ body }) => JSON.parse(body).events),
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
