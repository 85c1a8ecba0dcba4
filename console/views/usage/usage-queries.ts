import { useQuery } from "@tanstack/preact-query";
import { answer, get } from "../../api/client.ts";
import { dayOf, firstDay } from "./days.ts";

/** Days that are shown; the server has 100 in one answer. */
export const ranges = ["7", "30", "100"] as const;
export type Range = (typeof ranges)[number];

export const useUsage = (range: Range) =>
  useQuery({
    queryKey: ["usage", range],
    queryFn: ({ signal }) => {
      const now = Date.now();
      const query = { from: firstDay(now, Number(range)), to: dayOf(now) };
      return answer(get("/admin/usage", { params: { query }, signal }));
    },
  });

export type Usage = NonNullable<ReturnType<typeof useUsage>["data"]>;
export type BusyConversation = Usage["totals"]["conversations"][number];
