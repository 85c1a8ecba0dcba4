import { useInfiniteQuery } from "@tanstack/preact-query";
import { useEffect, useMemo, useState } from "preact/hooks";
import { consolePath, useAddress } from "../../ui/address.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { orderText, parseOrder } from "../../ui/rows.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { type ConversationRow, findConversations, PAGE } from "./conversation-queries.ts";
import { kinds, searchFields, searchFor } from "./search.ts";
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
  const kind = kinds.find((each) => each === address.get("kind")) ?? "conversations";
  const field = searchFields.find((each) => each === address.get("by")) ?? "name";
  const [typed, setTyped] = useState(address.get("q"));
  useEffect(() => {
    if (typed === address.get("q")) return;
    const timer = setTimeout(() => address.set({ q: typed }), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  const search = searchFor(field, address.get("q"), text.notObject);
  const where = "where" in search ? search.where : undefined;
  const query = useInfiniteQuery({
    queryKey: ["conversations", kind, where],
    queryFn: ({ pageParam, signal }) => findConversations(kind, where, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.length < PAGE ? undefined : pages.length * PAGE),
    enabled: "where" in search,
  });
  const rows = useMemo(() => query.data?.pages.flat() ?? [], [query.data]);
  return (
    <Page title={text.title}>
      <search class="filters">
        <SelectField
          label={text.kind}
          value={kind}
          options={kinds.map((value) => ({ value, label: text.kinds[value] }))}
          onChange={(chosen) => address.set({ kind: chosen === "conversations" ? "" : chosen })}
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
      {"where" in search && (
        <Answered query={query} lines={10}>
          {() => (
            <DataTable
              label={text.kinds[kind]}
              columns={columnsOf(text)}
              rows={rows}
              keyOf={({ objectId }) => objectId}
              hrefOf={({ objectId }) => consolePath("conversations", objectId)}
              order={parseOrder(address.get("order"))}
              onOrder={(order) => address.set({ order: order === undefined ? "" : orderText(order) })}
              onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              isLoadingMore={query.isFetchingNextPage}
              empty={
                where === undefined ? (
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

const columnsOf = (text: Text): Column<ConversationRow>[] => [
  {
    id: "name",
    label: text.name,
    width: "minmax(8rem, 2fr)",
    value: ({ name }) => name,
    render: ({ name }) => (name ? name : <span class="faint">{text.unnamed}</span>),
  },
  {
    id: "id",
    label: text.id,
    width: "14.5rem",
    wideOnly: true,
    render: ({ objectId }) => <code>{objectId}</code>,
  },
  {
    id: "members",
    label: text.members,
    width: "minmax(5rem, 1.5fr)",
    value: ({ m }) => m?.length ?? 0,
    render: ({ m = [] }) => (m.length === 0 ? "–" : `${m.length}: ${m.slice(0, 6).join(", ")}`),
  },
  {
    id: "creator",
    label: text.creator,
    width: "minmax(4rem, 0.7fr)",
    wideOnly: true,
    value: ({ c }) => c,
    render: ({ c }) => c ?? "–",
  },
  {
    id: "created",
    label: text.created,
    width: "8.5rem",
    wideOnly: true,
    value: ({ createdAt }) => createdAt,
    render: ({ createdAt }) => <Time at={createdAt} />,
  },
  {
    id: "changed",
    label: text.changed,
    width: "8.5rem",
    value: ({ updatedAt }) => updatedAt,
    render: ({ updatedAt }) => <Time at={updatedAt} />,
  },
];
