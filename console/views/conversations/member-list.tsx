import { useInfiniteQuery } from "@tanstack/preact-query";
import { consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { conversationText } from "./conversation-text.ts";
import { type MemberRow, readMembers } from "./member-queries.ts";

/** Who is in a conversation, with how far each one is. */
export function MemberList({ id }: { id: string }) {
  const text = useText(conversationText);
  const query = useInfiniteQuery({
    queryKey: ["members", id],
    queryFn: ({ pageParam, signal }) => readMembers(id, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  return (
    <Answered query={query}>
      {({ pages }) => (
        <DataTable
          label={text.tabs.members}
          columns={columnsOf(text)}
          rows={pages.flatMap(({ results }) => results)}
          keyOf={({ client_id }) => client_id}
          hrefOf={({ client_id }) => consolePath("users", client_id)}
          onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
          isLoadingMore={query.isFetchingNextPage}
          empty={<Empty title={text.noMembers} />}
        />
      )}
    </Answered>
  );
}

type Text = (typeof conversationText)["en"];

const columnsOf = (text: Text): Column<MemberRow>[] => [
  { id: "client", label: text.client, value: (row) => row.client_id, render: (row) => row.client_id },
  {
    id: "online",
    label: text.online,
    width: "5rem",
    value: (row) => row.online,
    render: (row) => (row.online ? <Badge tone="good">{text.online}</Badge> : "–"),
  },
  {
    id: "role",
    label: text.role,
    width: "6rem",
    wideOnly: true,
    value: (row) => row.role,
    render: (row) => row.role,
  },
  {
    id: "delivered",
    label: text.delivered,
    width: "9rem",
    wideOnly: true,
    value: (row) => row.delivered?.up_to,
    render: (row) => <Time at={row.delivered?.message_at ?? row.delivered?.up_to} />,
  },
  {
    id: "read",
    label: text.read,
    width: "9rem",
    wideOnly: true,
    value: (row) => row.read?.up_to,
    render: (row) => <Time at={row.read?.message_at ?? row.read?.up_to} />,
  },
  {
    id: "unread",
    label: text.unread,
    width: "5rem",
    align: "end",
    value: (row) => row.unread,
    render: (row) => row.unread ?? "–",
  },
];
