import type { Ledger } from "../../parts/message-queries.ts";
import { consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { useText } from "../../ui/language.ts";
import { Time } from "../../ui/time.tsx";
import { ledgerText } from "./ledger-text.ts";

/** What the event log has of a message, the oldest first. */
export function LedgerEvents({ ledger }: { ledger: Ledger }) {
  const text = useText(ledgerText);
  const { events, log } = ledger;
  if (events.length === 0) return <p class="faint">{log.on ? text.noEvents : text.noLog}</p>;
  return (
    <>
      <ol class="ledger-events">
        {events.map(({ id, event, at, client_id: client, detail }) => (
          <li key={id}>
            <Time at={at} /> <code>{event}</code>{" "}
            {client !== undefined && <a href={consolePath("users", client)}>{client}</a>}
            <Decision event={event} detail={detail} />
            <details>
              <summary>JSON</summary>
              <pre class="message-raw">{JSON.stringify(detail, null, 2)}</pre>
            </details>
          </li>
        ))}
      </ol>
      {!log.complete && <p class="faint">{text.moreEvents}</p>}
    </>
  );
}

/** Who refused or changed a message, or an edit of it, before it counted: a hook, the word list. */
function Decision({ event, detail }: Pick<Ledger["events"][number], "event" | "detail">) {
  const text = useText(ledgerText);
  if (event !== "messageChanged" && event !== "messageRefused") return null;
  const by = Array.isArray(detail.by) ? detail.by.map((each) => text.deciders.get(each) ?? String(each)) : [];
  const why = typeof detail.why === "string" ? detail.why : "";
  return (
    <p>
      <Badge tone="warn">{text.decided[event]}</Badge> {by.join(", ")} {why}
    </p>
  );
}
