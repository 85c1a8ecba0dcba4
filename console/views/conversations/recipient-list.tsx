import type { Ledger, Recipient } from "../../parts/message-queries.ts";
import { consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { useText } from "../../ui/language.ts";
import { Time } from "../../ui/time.tsx";
import { ledgerText } from "./ledger-text.ts";

/** By recipient: whether they were online, and what they got, read and were pushed. A table, which phones lay out anew. */
export function RecipientList({ ledger, recipients }: { ledger: Ledger; recipients: Recipient[] }) {
  const text = useText(ledgerText);
  return (
    <div class="stack">
      {!ledger.log.on && (
        <p class="note">
          {text.logOff}{" "}
          <a href={`${consolePath("settings")}?q=${encodeURIComponent("events.logDays")}`}>{text.turnOn}</a>
        </p>
      )}
      {recipients.length === 0 ? (
        <p class="faint">{text.noRecipients[ledger.kind]}</p>
      ) : (
        <div class="recipients" role="table">
          <div role="rowgroup" class="recipients-head">
            <div role="row">
              {[text.recipient, text.online, text.delivered, text.read, text.pushed].map((label) => (
                <div key={label} role="columnheader">
                  {label}
                </div>
              ))}
            </div>
          </div>
          <div role="rowgroup">
            {recipients.map((recipient) => (
              <div key={recipient.client_id} role="row">
                <div role="rowheader">
                  <a href={consolePath("users", recipient.client_id)}>{recipient.client_id}</a>
                </div>
                <div role="cell" data-label={text.online}>
                  <FactView fact={recipient.online_when_sent} />
                </div>
                <div role="cell" data-label={text.delivered}>
                  <FactView fact={recipient.delivered} />
                </div>
                <div role="cell" data-label={text.read}>
                  <FactView fact={recipient.read} />
                </div>
                <div role="cell" data-label={text.pushed}>
                  <Pushes pushed={recipient.pushed} />
                </div>
              </div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

function FactView({ fact }: { fact: Recipient["delivered"] }) {
  const text = useText(ledgerText);
  if (!fact.known) return <Unknown why={fact.why} />;
  return (
    <span class="fact">
      <Badge tone={fact.is ? "good" : "plain"}>{fact.is ? text.yes : text.no}</Badge>{" "}
      {fact.at !== undefined && <Time at={fact.at} />}
      {fact.source && <small class="faint">{text.sources[fact.source]}</small>}
    </span>
  );
}

function Unknown({ why = "" }: { why?: string | undefined }) {
  const text = useText(ledgerText);
  return (
    <span class="fact">
      <Badge tone="warn">{text.unknown}</Badge>
      <small class="faint">{text.inWords(why)}</small>
    </span>
  );
}

/** What providers answered, one attempt below the other. */
function Pushes({ pushed }: { pushed: Recipient["pushed"] }) {
  const text = useText(ledgerText);
  if (!pushed.known) return <Unknown why={pushed.why} />;
  if (pushed.results.length === 0)
    return (
      <span class="fact">
        <Badge>{text.no}</Badge>
        <small class="faint">{text.inWords(pushed.why ?? "")}</small>
      </span>
    );
  return (
    <ul class="pushes">
      {pushed.results.map(({ at, outcome, provider, installation, why }, index) => (
        <li key={index} class="fact">
          <Badge tone={outcome === "sent" ? "good" : "bad"}>{text.outcomes.get(outcome) ?? outcome}</Badge>{" "}
          {provider} <Time at={at} />
          {why && <small>{why}</small>}
          {installation && (
            <small class="faint">
              {text.device} {installation}
            </small>
          )}
        </li>
      ))}
    </ul>
  );
}
