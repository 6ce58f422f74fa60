import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeTransport } from "@/api/transport";
import { App } from "@/App";
import "@/styles/base.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has a #root");

// Fixtures exist in `npm run dev` only: the condition is a constant, and a build leaves them out.
const transport = import.meta.env.DEV ? await (await import("@/fixtures/choose")).chooseTransport() : makeTransport();

createRoot(root).render(
  <StrictMode>
    <App transport={transport} />
  </StrictMode>,
);
