import type { Transport } from "@connectrpc/connect";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import { useState } from "react";
import { makeQueryClient } from "@/api/queryClient";
import { ToastProvider } from "@/components/Toast";
import { Router } from "@/router";

/** How long the pointer rests before words appear, in milliseconds. */
const TOOLTIP_DELAY_MS = 400;

/** The providers; everything else is below the router. */
export function App({ transport }: { transport: Transport }) {
  const [queryClient] = useState(makeQueryClient);
  return (
    <TransportProvider transport={transport}>
      <QueryClientProvider client={queryClient}>
        <Tooltip.Provider delayDuration={TOOLTIP_DELAY_MS}>
          <ToastProvider>
            <Router />
          </ToastProvider>
        </Tooltip.Provider>
      </QueryClientProvider>
    </TransportProvider>
  );
}
