import { useMemo } from "preact/hooks";
import { type Address, useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { SelectField } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { EventDetails } from "./event-details.tsx";
import { type EventFilter, eventNames, type LoggedEvent, useEvents, useLogDays } from "./event-queries.ts";
import { clientLists, summaryOf, toneOf } from "./event-summary.ts";
import { FilterField } from "./filter-field.tsx";
import { LogState, TurnOnButton } from "./log-switch.tsx";
import { placeIn, placeText } from "./place.ts";
import { type EventsText, eventsText } from "./text.ts";
import { TimeFilter } from "./time-filter.tsx";
import { spanIn } from "./time-span.ts";

const READ = `curl -G ${location.origin}/admin/events -d event=pushSettled \\
  -H "X-LC-Id: $APP_ID" -H "X-LC-Key: $MASTER_KEY,master"`;

/** The event log. Its conditions, and which event is open, stand in the address. */
export function EventLog() {
  const text = useText(eventsText);
  const address = useAddress();
  const filter = filterIn(address);
  const query = useEvents(filter);
  const logDays = useLogDays();
  const rows = useMemo(() => query.data?.pages.flatMap(({ results }) => results) ?? [], [query.data]);
  const columns = useMemo(() => columnsOf(text), [text]);
  const isFiltered = ["event", "client", "conversation", "message", "time"].some(
    (name) => address.get(name) !== "",
  );
  const isOff = logDays.data === 0;
  const place = placeIn(address.get("open"));
  const more = query.hasNextPage ? () => void query.fetchNextPage() : undefined;
  return (
    <div class="stack">
      <Filters address={address} isFiltered={isFiltered} />
      {logDays.data !== undefined && (rows.length > 0 || isFiltered || !isOff) && (
        <LogState days={logDays.data} />
      )}
      <Answered query={query} lines={10}>
        {() => (
          <DataTable
            label={text.log}
            columns={columns}
            rows={rows}
            keyOf={placeText}
            onOpen={(event) => address.set({ open: placeText(event) }, "push")}
            onMore={more}
            isLoadingMore={query.isFetchingNextPage}
            empty={
              more !== undefined ? (
                // A rare event in a long log is found over several pages.
                <Empty
                  title={text.notYetFound}
                  actions={
                    <Button onClick={more} busy={query.isFetchingNextPage}>
                      {text.lookFurther}
                    </Button>
                  }
                >
                  {text.notYetFoundHelp}
                </Empty>
              ) : isFiltered ? (
                <Empty title={text.none}>{text.noneHelp}</Empty>
              ) : isOff ? (
                <Empty title={text.off} example={READ} actions={<TurnOnButton />}>
                  {text.offHelp}
                </Empty>
              ) : (
                <Empty title={text.empty}>{text.emptyHelp}</Empty>
              )
            }
          />
        )}
      </Answered>
      {place !== undefined && (
        <EventDetails place={place} known={rows.find(({ id }) => id === place.id)} address={address} />
      )}
    </div>
  );
}

function Filters({ address, isFiltered }: { address: Address; isFiltered: boolean }) {
  const text = useText(eventsText);
  const event = eventNames.find((each) => each === address.get("event")) ?? "";
  return (
    <search class="filters event-filters">
      <TimeFilter address={address} />
      <SelectField
        label={text.event}
        value={event}
        options={[
          { value: "", label: text.anyEvent },
          ...eventNames.map((value) => ({ value, label: text.names[value] })),
        ]}
        onChange={(chosen) => address.set({ event: chosen })}
      />
      <FilterField label={text.client} placeholder="Tom" name="client" address={address} />
      <FilterField label={text.conversation} name="conversation" address={address} />
      <FilterField label={text.message} name="message" address={address} />
      {isFiltered && (
        <Button
          look="quiet"
          onClick={() =>
            address.set({
              event: "",
              client: "",
              conversation: "",
              message: "",
              time: "",
              from: "",
              until: "",
            })
          }
        >
          {text.clear}
        </Button>
      )}
    </search>
  );
}

function filterIn(address: Address): EventFilter {
  return {
    event: eventNames.find((each) => each === address.get("event")),
    client: address.get("client"),
    conversation: address.get("conversation"),
    message: address.get("message"),
    span: spanIn(address.get("time")),
    from: address.get("from"),
    until: address.get("until"),
  };
}

/** A push is done by nobody, to some. */
function PushedTo({ clients: [first] }: { clients: ReturnType<typeof clientLists> }) {
  return <span class="faint">{first === undefined ? "–" : `→ ${first[1].join(", ")}`}</span>;
}

const columnsOf = (text: EventsText): Column<LoggedEvent>[] => [
  { id: "at", label: text.at, width: "8.5rem", render: ({ at }) => <Time at={at} /> },
  {
    id: "event",
    label: text.event,
    width: "minmax(8rem, 10rem)",
    render: (event) => <Badge tone={toneOf(event)}>{text.names[event.event]}</Badge>,
  },
  {
    id: "client",
    label: text.client,
    width: "minmax(4rem, 1fr)",
    render: (event) => event.client_id || <PushedTo clients={clientLists(event.detail)} />,
  },
  {
    id: "conversation",
    label: text.conversation,
    width: "14.5rem",
    wideOnly: true,
    render: (event) =>
      event.conv_id === undefined ? <span class="faint">–</span> : <code>{event.conv_id}</code>,
  },
  {
    id: "what",
    label: text.what,
    width: "minmax(8rem, 2.2fr)",
    wideOnly: true,
    render: (event) => summaryOf(event, text.summary),
  },
];
