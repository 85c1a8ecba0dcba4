import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useMemo } from "preact/hooks";
import { consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { useText } from "../../ui/language.ts";
import { Facts } from "../../ui/page.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { AddClients } from "./add-clients.tsx";
import type { Conversation } from "./conversation-queries.ts";
import { MemberActions } from "./member-actions.tsx";
import {
  type MemberRow,
  readBlocked,
  readMembers,
  readStatistics,
  readSwitches,
  setBlocked,
} from "./member-queries.ts";
import { memberText } from "./member-text.ts";
import { useAttempt } from "./use-attempt.ts";

/** Who is in a conversation, with how far each one is, and what can be done about them. */
export function MemberList({ conversation }: { conversation: Conversation }) {
  const { id, kind } = conversation;
  const text = useText(memberText);
  const queries = useQueryClient();
  const again = (): void => void queries.invalidateQueries({ queryKey: ["members", id] });
  const query = useInfiniteQuery({
    queryKey: ["members", id],
    queryFn: ({ pageParam, signal }) => readMembers(id, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const switches = useQuery({ queryKey: ["switches"], queryFn: ({ signal }) => readSwitches(signal) });
  const columns = useMemo(() => columnsOf(text, kind === "room"), [text, kind]);
  const allowed = switches.data ?? { memberRoles: false, blacklists: false };
  return (
    <div class="stack">
      {kind === "room" && <Statistics id={id} />}
      {(kind === "normal" || kind === "system") && <AddClients conversation={conversation} onAdded={again} />}
      <Answered query={query}>
        {({ pages }) => (
          <DataTable
            label={text.title[kind]}
            columns={[
              ...columns,
              {
                id: "actions",
                label: "",
                width: "2.5rem",
                render: (member) => (
                  <MemberActions
                    conversation={conversation}
                    member={member}
                    allowed={allowed}
                    onChanged={again}
                  />
                ),
              },
            ]}
            rows={pages.flatMap(({ results }) => results)}
            keyOf={({ client_id }) => client_id}
            hrefOf={({ client_id }) => consolePath("users", client_id)}
            onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            isLoadingMore={query.isFetchingNextPage}
            empty={<Empty title={text.nobody[kind]} />}
          />
        )}
      </Answered>
      {switches.data && !(allowed.memberRoles && allowed.blacklists) && (
        <p class="faint">
          {text.switches} <a href={`${consolePath("settings")}?q=security`}>{text.openSettings}</a>
        </p>
      )}
      {kind !== "temporary" && <Blocked conversation={conversation} />}
    </div>
  );
}

function Statistics({ id }: { id: string }) {
  const text = useText(memberText);
  const query = useQuery({
    queryKey: ["members", id, "statistics"],
    queryFn: ({ signal }) => readStatistics(id, signal),
  });
  return (
    <Answered query={query} lines={2}>
      {({ online, dropped }) => (
        <section class="card">
          <Facts
            facts={[
              [text.present, online],
              [text.dropped, text.droppedBy(dropped.low, dropped.normal)],
            ]}
          />
        </section>
      )}
    </Answered>
  );
}

/** Those who may not come back. Nothing where there are none. */
function Blocked({ conversation }: { conversation: Conversation }) {
  const text = useText(memberText);
  const { id } = conversation;
  const attempt = useAttempt(["members", id]);
  const query = useQuery({
    queryKey: ["members", id, "blocked"],
    queryFn: ({ signal }) => readBlocked(conversation, signal),
  });
  if (query.data === undefined || query.data.length === 0) return null;
  return (
    <section class="card">
      <header>
        <h2>{text.blocked}</h2>
      </header>
      <ul class="blocked">
        {query.data.map((clientId) => (
          <li key={clientId}>
            <a href={consolePath("users", clientId)}>{clientId}</a>
            <Button
              look="quiet"
              onClick={() => void attempt(() => setBlocked(conversation, clientId, false))}
            >
              {text.unblock}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

type Text = (typeof memberText)["en"];

function columnsOf(text: Text, isRoom: boolean): Column<MemberRow>[] {
  const all: (Column<MemberRow> & { isMark?: boolean })[] = [
    { id: "client", label: text.client, value: (row) => row.client_id, render: (row) => row.client_id },
    {
      id: "state",
      label: text.state,
      width: "minmax(5rem, 1.7fr)",
      value: (row) => row.online,
      render: (row) => <State member={row} />,
    },
    {
      id: "role",
      label: text.role,
      width: "6rem",
      wideOnly: true,
      value: (row) => row.role,
      render: (row) => text.roles[row.role],
    },
    {
      id: "delivered",
      label: text.delivered,
      width: "9rem",
      wideOnly: true,
      isMark: true,
      value: (row) => row.delivered?.up_to,
      render: (row) => <Time at={row.delivered?.message_at ?? row.delivered?.up_to} />,
    },
    {
      id: "read",
      label: text.read,
      width: "9rem",
      wideOnly: true,
      isMark: true,
      value: (row) => row.read?.up_to,
      render: (row) => <Time at={row.read?.message_at ?? row.read?.up_to} />,
    },
    {
      id: "unread",
      label: text.unread,
      width: "5rem",
      align: "end",
      isMark: true,
      value: (row) => row.unread,
      render: (row) => row.unread ?? "–",
    },
  ];
  return isRoom ? all.filter(({ isMark }) => isMark !== true) : all;
}

/** Whether they are online, want no pushes, may not speak. */
function State({ member }: { member: MemberRow }) {
  const text = useText(memberText);
  const { online, muted, silenced, silenced_until: until } = member;
  if (!online && !muted && !silenced) return <span>–</span>;
  return (
    <>
      {online && <Badge tone="good">{text.online}</Badge>} {muted && <Badge>{text.muted}</Badge>}{" "}
      {silenced && (
        <Badge tone="warn">
          {text.silenced}
          {until !== undefined && (
            <>
              {" "}
              {text.until} <Time at={until} />
            </>
          )}
        </Badge>
      )}
    </>
  );
}
