import { useQuery } from "@tanstack/preact-query";
import { answer, get } from "../../api/client.ts";

/** Facts that no stream tells are asked for this often, in milliseconds, while the page is in sight. */
const SLOWLY = 60_000;

export const ranges = ["hour", "day", "month"] as const;
export type Range = (typeof ranges)[number];

export const useMetrics = (range: Range) =>
  useQuery({
    queryKey: ["metrics", range],
    queryFn: ({ signal }) => answer(get("/admin/metrics", { params: { query: { range } }, signal })),
    refetchInterval: SLOWLY,
  });

export const useHealth = () =>
  useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => answer(get("/admin/health", { signal })),
    refetchInterval: SLOWLY,
  });

export type Health = NonNullable<ReturnType<typeof useHealth>["data"]>;

export const useAttention = () =>
  useQuery({
    queryKey: ["attention"],
    queryFn: ({ signal }) => answer(get("/admin/attention", { signal })),
    refetchInterval: SLOWLY,
  });

export type Attention = NonNullable<ReturnType<typeof useAttention>["data"]>["results"][number];

/** Whether nobody and nothing was ever here. */
export const useIsEmpty = () =>
  useQuery({
    queryKey: ["overview", "is empty"],
    queryFn: async ({ signal }) => {
      const one = { params: { query: { limit: 1 } }, signal };
      const [conversations, clients] = await Promise.all([
        answer(get("/admin/conversations", one)),
        answer(get("/admin/clients", one)),
      ]);
      return conversations.results.length === 0 && clients.results.length === 0;
    },
    // It fills while one looks at it.
    refetchInterval: ({ state }) => (state.data === false ? false : 10_000),
  });
