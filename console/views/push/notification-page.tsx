import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useLocation, useRoute } from "preact-iso";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Id } from "../../ui/copy.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Page, Section } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { wordsOf } from "./content.ts";
import { StatusBadge } from "./notification-list.tsx";
import { notificationText } from "./notification-text.ts";
import { pushPath } from "./push-path.ts";
import { deleteNotification, type NotificationRecord, readNotification } from "./push-queries.ts";
import { pushText, reasonOf } from "./text.ts";

/** It may still be under way: it is read again after so long (ms). */
const AGAIN = 3_000;

/** What became of one notification. */
export default function NotificationPage() {
  const text = useText(notificationText);
  const { title, tabs, failed } = useText(pushText);
  const { params } = useRoute();
  const { route } = useLocation();
  const queries = useQueryClient();
  const id = params.id ?? "";
  const query = useQuery({
    queryKey: ["push", "notification", id],
    queryFn: ({ signal }) => readNotification(id, signal),
    refetchInterval: ({ state }) =>
      state.data === undefined || ["done", "failed"].includes(state.data.status) ? false : AGAIN,
  });
  const takeBack = async (): Promise<void> => {
    const question = { title: text.removeTitle, text: text.removeText, action: text.remove };
    if (!(await confirm(question))) return;
    try {
      await deleteNotification(id);
      await queries.invalidateQueries({ queryKey: ["push"] });
      say.done(text.removed);
      route(pushPath("notifications"));
    } catch (error) {
      say.failed(failed, reasonOf(error));
    }
  };
  return (
    <Page
      title={(query.data && wordsOf(query.data.msg)) ?? id}
      trail={[
        { label: title, href: "/console/push" },
        { label: tabs.notifications, href: pushPath("notifications") },
      ]}
      actions={query.data && <Button onClick={() => void takeBack()}>{text.remove}</Button>}
    >
      <Answered query={query}>{(record) => <Parts record={record} />}</Answered>
    </Page>
  );
}

function Parts({ record }: { record: NotificationRecord }) {
  const text = useText(notificationText);
  return (
    <div class="columns">
      <Section title={text.results}>
        <Facts
          facts={[
            [text.status, <StatusBadge key="status" status={record.status} />],
            [text.devices, record.devices],
            [text.successes, record.successes],
            [text.byProvider, <ByProvider key="providers" record={record} />],
            [text.invalid, record.invalidTokens],
            [text.errors, record.errors],
            ...(record.errorMessage === undefined
              ? []
              : [
                  [
                    text.lastError,
                    <span key="error" class="bad break">
                      {record.errorMessage}
                    </span>,
                  ] as const,
                ]),
            [text.time, <Time key="time" at={record["push-time"]} />],
            [text.created, <Time key="created" at={record.createdAt} />],
            [text.environment, record.prod],
            [text.source, <code key="source">{text.sources[record["from-service"]]}</code>],
            [text.id, <Id key="id">{record.objectId}</Id>],
          ]}
        />
      </Section>
      <div class="stack">
        <Section title={text.content}>
          <JsonView value={record.msg} />
        </Section>
        <Section title={text.where}>
          <div class="stack">
            {record.where === undefined ? (
              <p class="faint">{text.everybody}</p>
            ) : (
              <>
                <JsonView value={record.where} />
                <a href={pushPath("installations", { by: "where", q: JSON.stringify(record.where) })}>
                  {text.seeDevices}
                </a>
              </>
            )}
          </div>
        </Section>
      </div>
    </div>
  );
}

/** Successes of the record, by the provider's name in the settings. */
const counts = {
  apns: "iosSuccesses",
  fcm: "fcmSuccesses",
  hms: "hmsSuccesses",
  honor: "honorSuccesses",
  mi: "miSuccesses",
  oppo: "oppoSuccesses",
  vivo: "vivoSuccesses",
  meizu: "meizuSuccesses",
  webPush: "webSuccesses",
  webhook: "webhookSuccesses",
} as const satisfies Record<string, keyof NotificationRecord>;

function ByProvider({ record }: { record: NotificationRecord }) {
  const { none } = useText(notificationText);
  const { providers } = useText(pushText);
  const taken = Object.entries(counts).filter(([, field]) => record[field] > 0);
  if (taken.length === 0) return <span class="faint">{none}</span>;
  return <>{taken.map(([name, field]) => `${providers[name] ?? name}: ${record[field]}`).join(", ")}</>;
}
