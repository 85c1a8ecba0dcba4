import { useInfiniteQuery } from "@tanstack/preact-query";
import { useMemo } from "preact/hooks";
import { consolePath, useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { ButtonLink } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { usersText } from "./text.ts";
import { useTypedSearch } from "./typed-search.ts";
import { type ClientRow, findClients, selections } from "./user-queries.ts";

const LOGIN = `import { Realtime } from "leancloud-realtime";
const realtime = new Realtime({ appId, appKey, server: "${location.origin}" });
await realtime.createIMClient("Tom");`;

/** Who is or was here. What is looked for stands in the address. */
export function ClientList() {
  const text = useText(usersText);
  const address = useAddress();
  const which = selections.find((each) => each === address.get("which")) ?? "all";
  const { typed, setTyped, sought } = useTypedSearch();
  const query = useInfiniteQuery({
    queryKey: ["clients", which, sought],
    queryFn: ({ pageParam, signal }) => findClients({ which, prefix: sought, after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const rows = useMemo(() => query.data?.pages.flatMap(({ results }) => results) ?? [], [query.data]);
  const columns = useMemo(() => columnsOf(text), [text]);
  return (
    <div class="stack">
      <search class="filters">
        <SelectField
          label={text.which}
          value={which}
          options={selections.map((value) => ({ value, label: text.selections[value] }))}
          onChange={(chosen) => address.set({ which: chosen === "all" ? "" : chosen })}
        />
        <Field label={text.prefix} type="search" code placeholder="Tom" value={typed} onChange={setTyped} />
      </search>
      <Answered query={query} lines={8}>
        {({ pages: [first] }) => (
          <>
            {first && <p class="faint">{text.counts(first.online, first.today)}</p>}
            <DataTable
              label={text.tabs.clients}
              columns={columns}
              rows={rows}
              keyOf={({ client_id }) => client_id}
              hrefOf={({ client_id }) => consolePath("users", client_id)}
              onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              isLoadingMore={query.isFetchingNextPage}
              empty={
                sought === "" && which === "all" ? (
                  <Empty title={text.empty} example={LOGIN}>
                    {text.emptyHelp}
                  </Empty>
                ) : (
                  <Empty title={text.none}>
                    {sought === "" ? (
                      text.noneNow
                    ) : (
                      <ButtonLink href={consolePath("users", sought)}>{text.open(sought)}</ButtonLink>
                    )}
                  </Empty>
                )
              }
            />
          </>
        )}
      </Answered>
    </div>
  );
}

type Text = (typeof usersText)["en"];

const columnsOf = (text: Text): Column<ClientRow>[] => [
  { id: "client", label: text.client, width: "minmax(8rem, 2fr)", render: (row) => row.client_id },
  {
    id: "online",
    label: text.state,
    width: "6rem",
    render: (row) =>
      row.online ? <Badge tone="good">{text.online}</Badge> : <span class="faint">{text.offline}</span>,
  },
  {
    id: "first",
    label: text.firstLogin,
    width: "10rem",
    wideOnly: true,
    render: (row) => (row.first_login_at === undefined ? "–" : <Time at={row.first_login_at} />),
  },
];
