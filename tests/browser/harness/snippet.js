/** The two lines that the install page shows. */
export function snippet(host, key, attributes = "") {
  return `<script>window.observe=window.observe||function(){(observe.q=observe.q||[]).push(arguments)}</script>
<script async src="${host}/observe.js" data-key="${key}"${attributes}></script>`;
}

/** Adds an attribute to the second line, as the install page tells people to do. */
export function withDebug(code) {
  return code.replace(" data-key=", " data-debug data-key=");
}

/** Gathers what the SDK says in the console of a page. */
export function listen(page) {
  const said = [];
  page.on("console", (message) => {
    if (message.text().startsWith("[observe]")) said.push(message.text());
  });
  return said;
}
