import { useInfiniteQuery } from "@tanstack/preact-query";
import { useMemo } from "preact/hooks";
import { consolePath } from "../../ui/address.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { wordsOf } from "./content.ts";
import { notificationText } from "./notification-text.ts";
import { listNotifications, type NotificationRecord, PAGE } from "./push-queries.ts";

const PUSH = `curl -X POST ${location.origin}/1.1/push \\
  -H "X-LC-Id: $APP_ID" -H "X-LC-Key: $MASTER_KEY,master" \\
  -H "Content-Type: application/json" \\
  -d '{"channels": ["Jerry"], "data": {"alert": "Cheese!"}}'`;

/** What became of notifications. */
export function NotificationList() {
  const text = useText(notificationText);
  const query = useInfiniteQuery({
    queryKey: ["push", "notifications"],
    queryFn: ({ pageParam, signal }) => listNotifications(pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.length < PAGE ? undefined : pages.length * PAGE),
  });
  const rows = useMemo(() => query.data?.pages.flat() ?? [], [query.data]);
  return (
    <Answered query={query} lines={8}>
      {() => (
        <DataTable
          label={text.list}
          columns={columnsOf(text)}
          rows={rows}
          keyOf={({ objectId }) => objectId}
          hrefOf={({ objectId }) => consolePath("push", "notifications", objectId)}
          onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
          isLoadingMore={query.isFetchingNextPage}
          empty={
            <Empty title={text.empty} example={PUSH}>
              {text.emptyHelp}
            </Empty>
          }
        />
      )}
    </Answered>
  );
}

type Status = NotificationRecord["status"];

const tones: Record<Status, Tone> = {
  scheduled: "info",
  "in-queue": "info",
  sending: "info",
  done: "good",
  failed: "bad",
};

export function StatusBadge({ status }: { status: Status }) {
  return <Badge tone={tones[status]}>{useText(notificationText).statuses[status]}</Badge>;
}

type Text = (typeof notificationText)["en"];

const columnsOf = (text: Text): Column<NotificationRecord>[] => [
  {
    id: "message",
    label: text.message,
    width: "minmax(7rem, 3fr)",
    value: ({ msg }) => wordsOf(msg),
    render: ({ msg }) => wordsOf(msg) ?? <span class="faint">{text.noWords}</span>,
  },
  {
    id: "status",
    label: text.status,
    width: "6rem",
    value: ({ status }) => status,
    render: ({ status }) => <StatusBadge status={status} />,
  },
  {
    id: "devices",
    label: text.devices,
    width: "4.5rem",
    align: "end",
    wideOnly: true,
    value: ({ devices }) => devices,
    render: ({ devices }) => devices,
  },
  {
    id: "successes",
    label: text.successes,
    width: "4rem",
    align: "end",
    wideOnly: true,
    value: ({ successes }) => successes,
    render: ({ successes }) => successes,
  },
  {
    id: "invalid",
    label: text.invalid,
    width: "6.5rem",
    align: "end",
    wideOnly: true,
    value: ({ invalidTokens }) => invalidTokens,
    render: ({ invalidTokens }) => invalidTokens,
  },
  {
    id: "errors",
    label: text.errors,
    width: "4rem",
    align: "end",
    wideOnly: true,
    value: ({ errors }) => errors,
    render: ({ errors }) => (errors === 0 ? 0 : <span class="bad">{errors}</span>),
  },
  {
    id: "time",
    label: text.time,
    width: "7.5rem",
    value: (row) => row["push-time"],
    render: (row) => <Time at={row["push-time"]} />,
  },
];
