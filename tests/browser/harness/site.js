import { createServer } from "node:http";

/**
 * A small site: a page to read, a page with a sign-up form, an application that changes its address without loading, and a
 * page that breaks.
 * `head` stands in the head of every page: the pasted snippet. It can be changed while the site runs.
 */
export async function startSite(head = "") {
  const site = new Site(head);
  await site.listen();
  return site;
}

class Site {
  /** Headers of every answer, such as a content policy. */
  headers = {};
  /** More answers by path: `{ type, body }`, or `{ title, body }` for a page in the layout of the others. */
  more = {};
  /** A page that must not be stored is not kept for going back to, either. */
  cacheControl = "no-store";
  #server = createServer((request, response) => this.#answer(request, response));

  constructor(head) {
    this.head = head;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    // Another host than that of Observe, so that every request to it is one to another site.
    this.url = `http://localhost:${this.#server.address().port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request, response) {
    const { pathname } = new URL(request.url, this.url);
    const page = this.more[pathname] ?? PAGES[pathname];
    const type = page?.type ?? "text/html; charset=utf-8";
    response.writeHead(page ? 200 : 404, { "content-type": type, "cache-control": this.cacheControl, ...this.headers });
    if (page?.type) return response.end(page.body);
    response.end(page ? layout(page, this.head) : "<!doctype html><title>Not found</title>");
  }
}

function layout({ title, body }, head) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<link rel="icon" href="data:,">
${head}
</head><body><nav><a href="/">Home</a> <a href="/sign-up">Sign up</a></nav><main><h1>${title}</h1>${body}</main></body></html>`;
}

const HOME = `<p>Engines that weave algebraic patterns.</p>
<button id="more">Read more</button><p id="rest" hidden>Just as the loom weaves flowers and leaves.</p>
<script>
  document.getElementById("more").addEventListener("click", () => {
    document.getElementById("rest").hidden = false;
    observe("track", "read_more_clicked", { section: "engines" });
  });
</script>`;

const SIGN_UP = `<form>
  <label>Name <input name="name" required></label>
  <label>E-mail <input name="email" type="email" required></label>
  <button>Sign up</button>
</form><p role="status"></p>
<script>
  document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { name, email } = Object.fromEntries(new FormData(event.target));
    observe("identify", "user-" + email.split("@")[0], { name, email });
    observe("track", "signed_up", { plan: "pro" });
    document.querySelector("[role=status]").textContent = "Welcome, " + name;
  });
</script>`;

const APPLICATION = `<button id="inbox">Inbox</button><button id="sent">Sent</button><button id="sort">Sort</button>
<script>
  const go = (id, path, title) =>
    document.getElementById(id).addEventListener("click", () => {
      history.pushState(null, "", path);
      document.title = title;
    });
  go("inbox", "/application/inbox", "Inbox");
  go("sent", "/application/sent", "Sent");
  go("sort", "?sort=date", "Sorted");
</script>`;

const BROKEN = `<button id="throw">Throw</button><button id="reject">Reject</button><button id="catch">Catch</button>
<script>
  function payNow(order) {
    return order.total;
  }
  const on = (id, work) => document.getElementById(id).addEventListener("click", work);
  on("throw", () => payNow(null));
  on("reject", () => void Promise.reject(new RangeError("no such order")));
  on("catch", () => {
    try {
      throw new Error("caught by hand");
    } catch (error) {
      observe("captureException", error);
    }
  });
</script>`;

const PAGES = {
  "/": { title: "Analytical engines", body: HOME },
  "/sign-up": { title: "Sign up", body: SIGN_UP },
  "/broken": { title: "Broken", body: BROKEN },
  "/application": { title: "Application", body: APPLICATION },
};
