import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { answer, get, patch } from "../../api/client.ts";
import type { Place } from "./place.ts";
import { boundsOf, type Span } from "./time-span.ts";

/** How many are asked for at once. */
const PAGE = 200;

/** Names of events, in the order of their list. */
export const eventNames = [
  "messageSent",
  "receiversOffline",
  "pushSettled",
  "messageRefused",
  "messageChanged",
  "conversationStarted",
  "conversationAdded",
  "conversationRemoved",
  "clientOnline",
  "clientOffline",
  "requestPassed",
] as const;
export type EventName = (typeof eventNames)[number];

/** A time, relative to now or between two ISO texts. */
interface TimeFilter {
  span: Span;
  from: string;
  until: string;
}

/** Empty texts are no condition. */
export interface EventFilter extends TimeFilter {
  event: EventName | undefined;
  client: string;
  conversation: string;
  message: string;
}

/** All of a moment: its entries fit a page. */
const momentOf = (place: Place | undefined) => {
  const from = place?.at ?? 0;
  return { from, until: from + 1, limit: 1000 };
};

const orNone = (text: string): string | undefined => (text === "" ? undefined : text);
const bounds = ({ span, from, until }: TimeFilter) => boundsOf(span, from, until, Date.now());

export const useEvents = (filter: EventFilter) =>
  useInfiniteQuery({
    queryKey: ["events", filter],
    queryFn: ({ pageParam, signal }) => {
      const { event, client, conversation, message } = filter;
      const asked = {
        event,
        client_id: orNone(client),
        conv_id: orNone(conversation),
        message_id: orNone(message),
        cursor: orNone(pageParam),
        limit: PAGE,
      };
      return answer(
        get("/admin/events", { params: { query: Object.assign(asked, bounds(filter)) }, signal }),
      );
    },
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
  });

export type LoggedEvent = NonNullable<
  ReturnType<typeof useEvents>["data"]
>["pages"][number]["results"][number];

/** One event by its time and id, for an address that somebody was sent. */
export const useEvent = (place: Place | undefined) =>
  useQuery({
    queryKey: ["events", "one", place],
    queryFn: async ({ signal }) => {
      const { results } = await answer(get("/admin/events", { params: { query: momentOf(place) }, signal }));
      return results.find(({ id }) => id === place?.id) ?? null;
    },
    enabled: place !== undefined,
  });

export interface AuditFilter extends TimeFilter {
  who: string;
  action: string;
  target: string;
}

export const useAudit = (filter: AuditFilter) =>
  useInfiniteQuery({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam, signal }) => {
      const { who, action, target } = filter;
      const asked = {
        who: orNone(who),
        action: orNone(action),
        target: orNone(target),
        cursor: orNone(pageParam),
        limit: PAGE,
      };
      return answer(get("/admin/audit", { params: { query: Object.assign(asked, bounds(filter)) }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
  });

export type AuditEntry = NonNullable<ReturnType<typeof useAudit>["data"]>["pages"][number]["results"][number];

/** The same of the audit log. */
export const useAuditEntry = (place: Place | undefined) =>
  useQuery({
    queryKey: ["audit", "one", place],
    queryFn: async ({ signal }) => {
      const { results } = await answer(get("/admin/audit", { params: { query: momentOf(place) }, signal }));
      return results.find(({ id }) => id === place?.id) ?? null;
    },
    enabled: place !== undefined,
  });

/** How many days events are kept; 0 for none. */
export const useLogDays = () =>
  useQuery({
    queryKey: ["settings", "events.logDays"],
    queryFn: async ({ signal }) => (await answer(get("/admin/settings", { signal }))).events?.logDays ?? 0,
  });

/** Changes how many days events are kept. */
export function useSetLogDays() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (logDays: number) => answer(patch("/admin/settings", { body: { events: { logDays } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["settings"] }),
  });
}
