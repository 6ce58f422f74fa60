import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

/** A receiver of webhooks that keeps what it got, and whether the official library takes the signature for good. */
export async function startReceiver() {
  const receiver = new Receiver();
  await receiver.listen();
  return receiver;
}

class Receiver {
  /** Set it once the channel is made. */
  secret;
  received = [];
  #server = createServer((request, response) => this.#take(request, response));

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}/alerts`;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    let verified = false;
    try {
      new Webhook(this.secret).verify(body, request.headers);
      verified = true;
    } catch {
      // It is told by `verified`.
    }
    this.received.push({ verified, id: request.headers["webhook-id"], at: Date.now(), message: JSON.parse(body) });
    response.writeHead(204).end();
  }
}
