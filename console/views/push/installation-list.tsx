import { useInfiniteQuery } from "@tanstack/preact-query";
import { useEffect, useMemo, useState } from "preact/hooks";
import { consolePath, useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { installationText } from "./installation-text.ts";
import { findInstallations, type InstallationRow, PAGE } from "./push-queries.ts";
import { searchFields, searchFor } from "./where.ts";

/** After this long without another key, it is looked for, in milliseconds. */
const PAUSE = 250;

const SAVE = `curl -X POST ${location.origin}/1.1/installations \\
  -H "X-LC-Id: $APP_ID" -H "X-LC-Key: $APP_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"deviceType": "ios", "deviceToken": "…", "channels": ["Jerry"]}'`;

/** Finds devices. What is looked for stands in the address. */
export function InstallationList() {
  const text = useText(installationText);
  const address = useAddress();
  const field = searchFields.find((each) => each === address.get("by")) ?? "client";
  const [typed, setTyped] = useState(address.get("q"));
  useEffect(() => {
    if (typed === address.get("q")) return;
    const timer = setTimeout(() => address.set({ q: typed }), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  const search = searchFor(field, address.get("q"), text.notObject);
  const where = "where" in search ? search.where : undefined;
  const query = useInfiniteQuery({
    queryKey: ["push", "installations", where],
    queryFn: ({ pageParam, signal }) => findInstallations(where, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.length < PAGE ? undefined : pages.length * PAGE),
    enabled: "where" in search,
  });
  const rows = useMemo(() => query.data?.pages.flat() ?? [], [query.data]);
  return (
    <div class="stack">
      <search class="filters">
        <SelectField
          label={text.by}
          value={field}
          options={searchFields.map((value) => ({ value, label: text.fields[value] }))}
          onChange={(chosen) => address.set({ by: chosen === "client" ? "" : chosen })}
        />
        <Field
          label={text.sought}
          type="search"
          code={field === "where" || field === "token"}
          placeholder={text.hints[field]}
          value={typed}
          onChange={setTyped}
          error={"problem" in search ? search.problem : undefined}
        />
      </search>
      {"where" in search && (
        <Answered query={query} lines={8}>
          {() => (
            <DataTable
              label={text.list}
              columns={columnsOf(text)}
              rows={rows}
              keyOf={({ objectId }) => objectId}
              hrefOf={({ objectId }) => consolePath("push", "installations", objectId)}
              onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              isLoadingMore={query.isFetchingNextPage}
              empty={
                where === undefined ? (
                  <Empty title={text.empty} example={SAVE}>
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
    </div>
  );
}

/** The kind of a device: `ios`, or `android: mi`. */
export const deviceOf = ({ deviceType, vendor }: Pick<InstallationRow, "deviceType" | "vendor">): string =>
  vendor === undefined ? deviceType : `${deviceType}: ${vendor}`;

export function ValidBadge({ valid }: { valid: boolean }) {
  const text = useText(installationText);
  return <Badge tone={valid ? "good" : "bad"}>{valid ? text.valid : text.invalid}</Badge>;
}

type Text = (typeof installationText)["en"];

const columnsOf = (text: Text): Column<InstallationRow>[] => [
  {
    id: "device",
    label: text.device,
    width: "minmax(6rem, 1fr)",
    value: deviceOf,
    render: deviceOf,
  },
  {
    id: "channels",
    label: text.channels,
    width: "minmax(6rem, 2fr)",
    value: ({ channels }) => channels.join(", "),
    render: ({ channels }) => (channels.length === 0 ? "–" : channels.slice(0, 20).join(", ")),
  },
  {
    id: "state",
    label: text.state,
    width: "5.5rem",
    value: ({ valid }) => valid,
    render: ({ valid }) => <ValidBadge valid={valid} />,
  },
  {
    id: "id",
    label: text.id,
    width: "14.5rem",
    wideOnly: true,
    render: ({ objectId }) => <code>{objectId}</code>,
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
    id: "seen",
    label: text.seen,
    width: "7.5rem",
    wideOnly: true,
    value: ({ updatedAt }) => updatedAt,
    render: ({ updatedAt }) => <Time at={updatedAt} />,
  },
];
