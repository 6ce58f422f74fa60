import { createServer } from "node:http";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

/** How long spans are gathered before they are sent. */
const EXPORT_MS = 500;

/**
 * A small web shop: a page with the snippet and a button that pays, and a server that tells Observe of each request by
 * OpenTelemetry. `shop.broken` makes paying fail, as a bad release would.
 */
export async function startShop(observe, head, key) {
  const shop = new Shop(observe, head, key);
  await shop.listen();
  return shop;
}

class Shop {
  broken = false;
  #server = createServer((request, response) => this.#traced(request, response));
  #provider;

  constructor(observe, head, key) {
    this.head = head;
    const exporter = new OTLPTraceExporter({ url: `${observe.url}/v1/traces`, headers: { authorization: `Bearer ${key}` } });
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ "service.name": "shop" }),
      spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: EXPORT_MS })],
    });
    this.tracer = this.#provider.getTracer("shop");
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://localhost:${this.#server.address().port}`;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#provider.shutdown();
  }

  /** Answers a request, and tells of it as a server span. */
  async #traced(request, response) {
    const { pathname } = new URL(request.url, this.url);
    const span = this.tracer.startSpan(`${request.method} ${pathname}`, {
      kind: SpanKind.SERVER,
      attributes: { "http.request.method": request.method, "http.route": pathname, "url.path": pathname },
    });
    const person = request.headers["x-person"];
    if (person) span.setAttribute("enduser.id", person);
    const { status, type, body, fault } = this.#answer(request.method, pathname);
    if (fault) {
      span.recordException(fault);
      span.setStatus({ code: SpanStatusCode.ERROR, message: fault.message });
    }
    span.setAttribute("http.response.status_code", status);
    span.end();
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
    response.end(body);
  }

  #answer(method, path) {
    const page = { status: 200, type: "text/html; charset=utf-8" };
    const data = { status: 200, type: "application/json" };
    if (method === "GET" && path === "/") return { ...page, body: layout(this.head) };
    if (method === "GET" && path === "/api/cart") return { ...data, body: '{"items":2}' };
    if (method === "POST" && path === "/api/pay") {
      if (!this.broken) return { ...data, body: '{"paid":true}' };
      return { ...data, status: 500, body: '{"paid":false}', fault: new Error("payment provider refused the certificate") };
    }
    return { status: 404, type: "text/plain", body: "not found" };
  }
}

function layout(head) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
${head}
</head><body><main><h1>Shop</h1><button id="pay">Pay</button><p role="status">Nothing paid</p></main>
<script>
  let paid = 0;
  const say = (text) => (document.querySelector("[role=status]").textContent = text);
  async function pay(person) {
    await fetch("/api/cart", { headers: { "x-person": person } });
    const answer = await fetch("/api/pay", { method: "POST", headers: { "x-person": person } });
    if (!answer.ok) {
      say("Payment failed");
      throw new PaymentError("payment was refused with " + answer.status);
    }
    observe("track", "paid", { amount: 20 });
    say("Paid " + ++paid);
  }
  class PaymentError extends Error {
    name = "PaymentError";
  }
  const person = new URLSearchParams(location.search).get("person");
  if (person) observe("identify", person, { name: person });
  document.getElementById("pay").addEventListener("click", () => void pay(person));
</script></body></html>`;
}
