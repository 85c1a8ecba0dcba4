import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { bytesText, countText } from "../../ui/amount.ts";
import { useLanguage, useText } from "../../ui/language.ts";
import { callsOf, type Minute, pushesOf } from "./counts.ts";
import type { Live } from "./live.ts";
import type { Health } from "./overview-queries.ts";
import { overviewText } from "./text.ts";

const MINUTE = 60_000; // ms

interface NumbersProps {
  live: Live;
  health: Health | undefined;
  /** Of the last hour. */
  totals: Record<string, number> | undefined;
}

/** The numbers of this moment, and of the last hour those that are rare. */
export function Numbers({ live, health, totals }: NumbersProps) {
  const text = useText(overviewText);
  const language = useLanguage();
  const minute = useMinute();
  const { snapshot } = live;
  const minutes = snapshot?.minutes ?? [];
  const [now, before] = [countsAt(minutes, minute), countsAt(minutes, minute - MINUTE)];
  const number = (value: number | null | undefined) =>
    value == null ? undefined : countText(value, language);
  const counted = (read: (counts: Minute | undefined) => number) =>
    snapshot === undefined
      ? { value: undefined, note: undefined }
      : { value: countText(read(now), language), note: text.minuteBefore(read(before)) };
  const messages = counted((counts) => counts?.messages ?? 0);
  const deliveries = counted((counts) => counts?.counts.deliveries ?? 0);
  const sockets = now?.counts.connections ?? before?.counts.connections;
  const behind = snapshot?.archive_behind_seconds ?? health?.archive.behindSeconds;
  const bytes = health?.d1.bytes;
  const host = health?.host;
  const pushes = totals && pushesOf(totals);
  const hooks = totals && callsOf(totals);
  return (
    <dl class="numbers-now" aria-label={text.now}>
      <OneNumber
        name={text.online}
        value={number(snapshot?.online ?? health?.online)}
        note={sockets === undefined ? undefined : text.onlineNote(sockets)}
      />
      <OneNumber name={text.users} value={number(snapshot?.users_today)} note={text.usersNote} />
      <OneNumber name={text.messages} value={messages.value} note={messages.note} />
      <OneNumber name={text.deliveries} value={deliveries.value} note={deliveries.note} />
      <OneNumber
        name={text.pushesSent}
        value={number(pushes?.sent)}
        note={pushes && text.failuresNote(pushes.failed)}
      />
      <OneNumber
        name={text.hookTime}
        value={hooks && (hooks.calls === 0 ? "–" : text.milliseconds(hooks.averageMs))}
        note={hooks && (hooks.calls === 0 ? text.noCalls : text.failuresNote(hooks.failures))}
      />
      <OneNumber
        name={text.eventErrors}
        value={totals && number(totals["events.errors"] ?? 0)}
        note={text.inHour}
      />
      <OneNumber
        name={text.archive}
        value={behind == null ? undefined : text.seconds(behind)}
        note={text.archiveNote}
      />
      <OneNumber
        name={text.database}
        value={bytes == null ? undefined : bytesText(bytes, language)}
        note={host == null ? text.databaseNote : text.databaseHere}
      />
      {host != null && (
        <OneNumber
          name={text.memory}
          value={host.memoryBytes === null ? undefined : bytesText(host.memoryBytes, language)}
          note={
            host.descriptors === null || host.descriptorsMax === null
              ? undefined
              : text.descriptors(host.descriptors, host.descriptorsMax)
          }
        />
      )}
    </dl>
  );
}

function OneNumber({
  name,
  value,
  note,
}: {
  name: string;
  value: ComponentChildren;
  note?: string | undefined;
}) {
  const text = useText(overviewText);
  return (
    <div class="number card">
      <dt>{name}</dt>
      <dd>
        <span class="value">
          {value ?? (
            <span class="faint" title={text.unknown}>
              –
            </span>
          )}
        </span>
        {note && <small class="faint">{note}</small>}
      </dd>
    </div>
  );
}

const countsAt = (minutes: readonly Minute[], minute: number): Minute | undefined =>
  minutes.find(({ at }) => at === minute);

/** The beginning of the minute that is going on, in ms. A minute in which nothing happens is in no snapshot. */
function useMinute(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 2_000);
    return () => clearInterval(timer);
  }, []);
  return now - (now % MINUTE);
}
