import { Badge } from "../../ui/badge.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts } from "../../ui/page.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { knownChanges, valueText } from "./changes.ts";
import { type AuditEntry, useAuditEntry } from "./event-queries.ts";
import type { Place } from "./place.ts";
import { eventsText } from "./text.ts";

interface AuditDetailsProps {
  place: Place;
  /** If it is on the page already. */
  known: AuditEntry | undefined;
  onClose(): void;
}

/** One change: what differs, and all that was written down. */
export function AuditDetails({ place, known, onClose }: AuditDetailsProps) {
  const text = useText(eventsText);
  const query = useAuditEntry(known === undefined ? place : undefined);
  const entry = known ?? query.data;
  return (
    <Dialog open wide title={entry?.action ?? text.audit} onClose={onClose}>
      {entry === undefined ? (
        <Answered query={query}>{() => null}</Answered>
      ) : entry === null ? (
        <Empty title={text.gone}>{text.auditGoneHelp}</Empty>
      ) : (
        <Entry entry={entry} />
      )}
    </Dialog>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const text = useText(eventsText);
  const { at, who, address, target, status, after } = entry;
  const changes = knownChanges(entry);
  return (
    <>
      <Facts
        facts={[
          [text.at, <Time at={at} />],
          [text.who, who],
          [text.address, address ?? text.unknown],
          [text.target, <code>{target}</code>],
          [text.status, <StatusBadge status={status} />],
        ]}
      />
      {changes !== undefined ? (
        <ul class="changes">
          {changes.length === 0 && <li class="faint">{text.noDifference}</li>}
          {changes.map((change) => (
            <li key={change.path}>
              {change.path !== "" && <code>{change.path}</code>}
              <del>{valueText(change.before)}</del>
              <ins>{valueText(change.after)}</ins>
            </li>
          ))}
        </ul>
      ) : (
        <>
          <h3>{text.request}</h3>
          <JsonView value={after} />
        </>
      )}
    </>
  );
}

/** What became of a change: an answer of 400 or more, or none, is seen at once. */
export function StatusBadge({ status }: { status: number | null }) {
  const text = useText(eventsText);
  if (status === null) return <Badge tone="warn">{text.statusUnknown}</Badge>;
  return <Badge tone={status < 400 ? "good" : "bad"}>{status}</Badge>;
}
