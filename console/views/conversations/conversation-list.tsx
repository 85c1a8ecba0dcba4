import { useInfiniteQuery } from "@tanstack/preact-query";
import { useEffect, useMemo, useState } from "preact/hooks";
import { consolePath, useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { orderText, parseOrder } from "../../ui/rows.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { findConversations, type Summary } from "./conversation-queries.ts";
import { isTemporaryId, kinds, searchFields, searchFor } from "./search.ts";
import { conversationsText } from "./text.ts";

/** After this long without another key, it is looked for, in milliseconds. */
const PAUSE = 250;

const CREATE = `curl -X POST ${location.origin}/1.2/rtm/conversations \\
  -H "X-LC-Id: $APP_ID" -H "X-LC-Key: $MASTER_KEY,master" \\
  -H "Content-Type: application/json" \\
  -d '{"name": "Cheese", "m": ["Tom", "Jerry"], "unique": true}'`;

/** Finds conversations. What is looked for stands in the address. */
export default function ConversationList() {
  const text = useText(conversationsText);
  const address = useAddress();
  const kind = kinds.find((each) => each === address.get("kind")) ?? "all";
  const field = searchFields.find((each) => each === address.get("by")) ?? "name";
  const [typed, setTyped] = useState(address.get("q"));
  useEffect(() => {
    if (typed === address.get("q")) return;
    const timer = setTimeout(() => address.set({ q: typed }), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  const search = searchFor(field, address.get("q"), text.notObject);
  const sought = "sought" in search ? search.sought : {};
  const query = useInfiniteQuery({
    queryKey: ["conversations", kind, sought],
    queryFn: ({ pageParam, signal }) => findConversations(kind, sought, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    enabled: "sought" in search,
  });
  const rows = useMemo(() => query.data?.pages.flatMap(({ results }) => results) ?? [], [query.data]);
  const columns = useMemo(() => columnsOf(text), [text]);
  return (
    <Page title={text.title}>
      <search class="filters conversation-filters">
        <SelectField
          label={text.kind}
          value={kind}
          options={kinds.map((value) => ({ value, label: text.kinds[value] }))}
          onChange={(chosen) => address.set({ kind: chosen === "all" ? "" : chosen })}
        />
        <SelectField
          label={text.by}
          value={field}
          options={searchFields.map((value) => ({ value, label: text.fields[value] }))}
          onChange={(chosen) => address.set({ by: chosen === "name" ? "" : chosen })}
        />
        <Field
          label={text.sought}
          type="search"
          code={field === "where" || field === "id"}
          placeholder={text.hints[field]}
          value={typed}
          onChange={setTyped}
          error={"problem" in search ? search.problem : undefined}
        />
      </search>
      {isTemporaryId(typed) && (
        <p>
          <a href={consolePath("conversations", typed.trim())}>{text.openTemporary}</a>
        </p>
      )}
      {"sought" in search && (
        <Answered query={query} lines={10}>
          {() => (
            <DataTable
              label={text.kinds[kind]}
              columns={columns}
              rows={rows}
              keyOf={({ id }) => id}
              hrefOf={({ id }) => consolePath("conversations", id)}
              order={parseOrder(address.get("order"))}
              onOrder={(order) => address.set({ order: order === undefined ? "" : orderText(order) })}
              onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              isLoadingMore={query.isFetchingNextPage}
              empty={
                Object.keys(sought).length === 0 && kind === "all" ? (
                  <Empty title={text.empty} example={CREATE}>
                    {text.emptyHelp}
                  </Empty>
                ) : (
                  <Empty title={text.none}>{text.noneHelp}</Empty>
                )
              }
            />
          )}
        </Answered>
      )}
    </Page>
  );
}

type Text = (typeof conversationsText)["en"];

const columnsOf = (text: Text): Column<Summary>[] => [
  {
    id: "name",
    label: text.name,
    width: "minmax(8rem, 2fr)",
    value: ({ name }) => name,
    render: ({ name }) => (name ? name : <span class="faint">{text.unnamed}</span>),
  },
  {
    id: "kind",
    label: text.kind,
    width: "7.5rem",
    wideOnly: true,
    value: ({ kind }) => kind,
    render: ({ kind }) => <Badge tone={kind === "normal" ? "plain" : "info"}>{text.oneOf[kind]}</Badge>,
  },
  {
    id: "id",
    label: text.id,
    width: "14.5rem",
    wideOnly: true,
    render: ({ id }) => <code>{id}</code>,
  },
  {
    id: "members",
    label: text.members,
    width: "minmax(5rem, 1.5fr)",
    value: ({ member_count: count }) => count,
    render: ({ member_count: count, members }) => (count === 0 ? "–" : `${count}: ${members.join(", ")}`),
  },
  {
    id: "creator",
    label: text.creator,
    width: "minmax(4rem, 0.7fr)",
    wideOnly: true,
    value: ({ creator }) => creator,
    render: ({ creator }) => creator ?? "–",
  },
  {
    id: "active",
    label: text.lastMessage,
    width: "8.5rem",
    value: ({ last_message_at: at }) => at,
    render: ({ last_message_at: at }) => <Time at={at} />,
  },
];
