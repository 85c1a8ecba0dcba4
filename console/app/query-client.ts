import { QueryClient } from "@tanstack/preact-query";
import { ApiError } from "../api/api-error.ts";

/** What was read is shown at once when one comes back, and read again behind it. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the server refuses it refuses again; a network may come back.
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      retryDelay: (failures) => 500 * 2 ** failures,
      // The viewer's server is often on their own machine, where the browser may think it is offline.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});
