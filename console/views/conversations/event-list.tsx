import { useInfiniteQuery, useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { answer, get } from "../../api/client.ts";
import { consolePath } from "../../ui/address.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { conversationText } from "./conversation-text.ts";
import { readSwitches } from "./member-queries.ts";

const readEvents = (id: string, cursor: string | undefined, signal: AbortSignal) =>
  answer(get("/admin/events", { params: { query: { conv_id: id, cursor, limit: 200 } }, signal }));

type EventRow = Awaited<ReturnType<typeof readEvents>>["results"][number];

/** What the event log has of a conversation, the newest first. */
export function EventList({ id }: { id: string }) {
  const text = useText(conversationText).events;
  const [shown, setShown] = useState<EventRow>();
  const switches = useQuery({ queryKey: ["switches"], queryFn: ({ signal }) => readSwitches(signal) });
  const query = useInfiniteQuery({
    queryKey: ["events", "conversation", id],
    queryFn: ({ pageParam, signal }) => readEvents(id, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const isOff = switches.data?.isLogOn === false;
  const turnOn = <a href={`${consolePath("settings")}?q=events.logDays`}>{text.turnOn}</a>;
  return (
    <Answered query={query} lines={8}>
      {({ pages }) => (
        <>
          <DataTable
            label={text.title}
            columns={columnsOf(text, id)}
            rows={pages.flatMap(({ results }) => results)}
            keyOf={(row) => row.id}
            onOpen={setShown}
            onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            isLoadingMore={query.isFetchingNextPage}
            empty={<Empty title={text.none}>{isOff ? turnOn : text.noneHelp}</Empty>}
          />
          {shown && (
            <Dialog open wide title={shown.event} onClose={() => setShown(undefined)}>
              <JsonView value={shown} />
            </Dialog>
          )}
        </>
      )}
    </Answered>
  );
}

type Text = (typeof conversationText)["en"]["events"];

const columnsOf = (text: Text, id: string): Column<EventRow>[] => [
  {
    id: "at",
    label: text.at,
    width: "8.5rem",
    value: (row) => row.at,
    render: (row) => <Time at={row.at} />,
  },
  {
    id: "event",
    label: text.event,
    width: "minmax(8rem, 1fr)",
    value: (row) => row.event,
    render: (row) => <code>{row.event}</code>,
  },
  {
    id: "client",
    label: text.client,
    width: "minmax(4rem, 0.8fr)",
    value: (row) => row.client_id,
    render: ({ client_id: client }) =>
      client === undefined ? "–" : <a href={consolePath("users", client)}>{client}</a>,
  },
  {
    id: "message",
    label: text.message,
    width: "12rem",
    wideOnly: true,
    render: ({ message_id: message }) =>
      message === undefined ? (
        "–"
      ) : (
        <a href={consolePath("conversations", id, "messages", message)}>{message}</a>
      ),
  },
  {
    id: "detail",
    label: text.detail,
    width: "minmax(8rem, 2fr)",
    wideOnly: true,
    render: ({ detail }) => <code>{JSON.stringify(detail)}</code>,
  },
];
