import { useMemo } from "preact/hooks";
import { type Address, useAddress } from "../../ui/address.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { AuditDetails, StatusBadge } from "./audit-details.tsx";
import { knownChanges, valueText } from "./changes.ts";
import { type AuditEntry, useAudit } from "./event-queries.ts";
import { FilterField } from "./filter-field.tsx";
import { placeIn, placeText } from "./place.ts";
import { type EventsText, eventsText } from "./text.ts";
import { TimeFilter } from "./time-filter.tsx";
import { spanIn } from "./time-span.ts";

/** Who changed what with the master key. */
export function AuditLog() {
  const text = useText(eventsText);
  const address = useAddress();
  const query = useAudit({
    who: address.get("who"),
    action: address.get("action"),
    target: address.get("target"),
    span: spanIn(address.get("time")),
    from: address.get("from"),
    until: address.get("until"),
  });
  const rows = useMemo(() => query.data?.pages.flatMap(({ results }) => results) ?? [], [query.data]);
  const columns = useMemo(() => columnsOf(text), [text]);
  const isFiltered = ["who", "action", "target", "time"].some((name) => address.get(name) !== "");
  const place = placeIn(address.get("open"));
  return (
    <div class="stack">
      <p class="faint">{text.auditHelp}</p>
      <Filters address={address} isFiltered={isFiltered} />
      <Answered query={query} lines={10}>
        {() => (
          <DataTable
            label={text.audit}
            columns={columns}
            rows={rows}
            keyOf={placeText}
            onOpen={(entry) => address.set({ open: placeText(entry) }, "push")}
            onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            isLoadingMore={query.isFetchingNextPage}
            empty={
              isFiltered ? (
                <Empty title={text.none}>{text.noneHelp}</Empty>
              ) : (
                <Empty title={text.auditEmpty}>{text.auditHelp}</Empty>
              )
            }
          />
        )}
      </Answered>
      {place !== undefined && (
        <AuditDetails
          place={place}
          known={rows.find(({ id }) => id === place.id)}
          onClose={() => address.set({ open: "" })}
        />
      )}
    </div>
  );
}

function Filters({ address, isFiltered }: { address: Address; isFiltered: boolean }) {
  const text = useText(eventsText);
  return (
    <search class="filters event-filters">
      <TimeFilter address={address} />
      <FilterField label={text.who} placeholder="API" name="who" address={address} />
      <FilterField label={text.action} placeholder="changeSettings" name="action" address={address} />
      <FilterField label={text.target} placeholder="/admin/settings" name="target" address={address} />
      {isFiltered && (
        <Button
          look="quiet"
          onClick={() => address.set({ who: "", action: "", target: "", time: "", from: "", until: "" })}
        >
          {text.clear}
        </Button>
      )}
    </search>
  );
}

const columnsOf = (text: EventsText): Column<AuditEntry>[] => [
  { id: "at", label: text.at, width: "8.5rem", render: ({ at }) => <Time at={at} /> },
  { id: "who", label: text.who, width: "minmax(4rem, 8rem)", render: ({ who }) => who },
  { id: "action", label: text.action, width: "minmax(7rem, 12rem)", render: ({ action }) => action },
  {
    id: "change",
    label: text.change,
    width: "minmax(8rem, 2fr)",
    wideOnly: true,
    render: (entry) => {
      const changes = knownChanges(entry);
      if (changes === undefined) return entry.target;
      if (changes.length === 0) return <span class="faint">{text.noDifference}</span>;
      return changes
        .map(({ path, before, after }) => `${path}: ${valueText(before)} → ${valueText(after)}`)
        .join(", ");
    },
  },
  {
    id: "status",
    label: text.status,
    width: "6rem",
    wideOnly: true,
    render: ({ status }) => <StatusBadge status={status} />,
  },
];
