import type { ComponentChildren } from "preact";
import { type Address, changedQuery, consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts } from "../../ui/page.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { type LoggedEvent, useEvent } from "./event-queries.ts";
import { clientLists, summaryOf, toneOf } from "./event-summary.ts";
import type { Place } from "./place.ts";
import { type EventsText, eventsText } from "./text.ts";

/** Names of one list that are shown as links; the others are in the JSON below. */
const LINKED = 50;
/** Clients of one push that have a button each. */
const EXPLAINED = 5;

interface EventDetailsProps {
  place: Place;
  /** If it is on the page already. */
  known: LoggedEvent | undefined;
  address: Address;
}

/** All that is known of an event, with links to whom and what it concerns. */
export function EventDetails({ place, known, address }: EventDetailsProps) {
  const text = useText(eventsText);
  const query = useEvent(known === undefined ? place : undefined);
  const event = known ?? query.data;
  return (
    <Dialog open wide title={text.detailsTitle} onClose={() => address.set({ open: "" })}>
      {event === undefined ? (
        <Answered query={query}>{() => null}</Answered>
      ) : event === null ? (
        <Empty title={text.gone}>{text.goneHelp}</Empty>
      ) : (
        <>
          <Facts facts={factsOf(event, text, address)} />
          <WhyNotPushed event={event} />
          <JsonView value={event} />
        </>
      )}
    </Dialog>
  );
}

/** A push that went wrong is explained, and tried, in the view of pushes. */
function WhyNotPushed({ event }: { event: LoggedEvent }) {
  const text = useText(eventsText);
  const { conv_id: conv = "", message_id: message = "", detail } = event;
  const [list] = clientLists(detail);
  if (event.event !== "pushSettled" || detail.outcome === "sent" || list === undefined) return null;
  return (
    <div class="client-links">
      {list[1].slice(0, EXPLAINED).map((client) => (
        <ButtonLink
          key={client}
          href={consolePath("push") + changedQuery({}, { tab: "why", client, conv, message })}
        >
          {text.why(client)}
        </ButtonLink>
      ))}
    </div>
  );
}

function factsOf(event: LoggedEvent, text: EventsText, address: Address) {
  const facts: [string, ComponentChildren][] = [
    [text.event, <Badge tone={toneOf(event)}>{text.names[event.event]}</Badge>],
    [text.at, <Time at={event.at} />],
  ];
  const summary = summaryOf(event, text.summary);
  if (summary !== "") facts.push([text.what, summary]);
  const { client_id: client, conv_id: conversation, message_id: message } = event;
  const only = (parameters: Record<string, string>) => () => address.set({ open: "", ...parameters });
  // The server itself has no id.
  if (client)
    facts.push([
      text.client,
      <Linked href={consolePath("users", client)} only={text.only} onOnly={only({ client })}>
        {client}
      </Linked>,
    ]);
  if (conversation !== undefined)
    facts.push([
      text.conversation,
      <Linked
        href={consolePath("conversations", conversation)}
        only={text.only}
        onOnly={only({ conversation })}
      >
        {conversation}
      </Linked>,
    ]);
  if (message !== undefined)
    facts.push([
      text.message,
      conversation === undefined ? (
        <code>{message}</code>
      ) : (
        <Linked
          href={consolePath("conversations", conversation, "messages", message)}
          only={text.only}
          onOnly={only({ message })}
        >
          {message}
        </Linked>
      ),
    ]);
  const names: Record<string, string> = text.lists;
  for (const [name, clients] of clientLists(event.detail))
    facts.push([
      names[name] ?? name,
      <span class="client-links">
        {clients.slice(0, LINKED).map((each) => (
          <a key={each} href={consolePath("users", each)}>
            {each}
          </a>
        ))}
        {clients.length > LINKED && <span class="faint">{text.others(clients.length - LINKED)}</span>}
      </span>,
    ]);
  return facts;
}

interface LinkedProps {
  href: string;
  children: string;
  only: string;
  onOnly(): void;
}

/** A name that leads to its page, and a button for all events of it. */
function Linked({ href, children, only, onOnly }: LinkedProps) {
  return (
    <span class="linked">
      <a href={href}>{children}</a>
      <Button look="quiet" onClick={onOnly}>
        {only}
      </Button>
    </span>
  );
}
