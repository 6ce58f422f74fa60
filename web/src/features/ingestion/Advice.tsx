import { Fragment } from "react";

/** A sentence of ours in which code stands between backticks. */
export function Advice({ text }: { text: string }) {
  return text.split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : <Fragment key={index}>{part}</Fragment>));
}
