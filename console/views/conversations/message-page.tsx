import { useInfiniteQuery, useQueryClient } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { useRoute } from "preact-iso";
import { ApiError } from "../../api/api-error.ts";
import { MessageBody } from "../../parts/message-body.tsx";
import { type Ledger, messageOf, readLedger } from "../../parts/message-queries.ts";
import { consolePath, useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Id } from "../../ui/copy.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Page, Section } from "../../ui/page.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { LedgerEvents } from "./ledger-events.tsx";
import { ledgerText } from "./ledger-text.ts";
import { MessageActions } from "./message-actions.tsx";
import { RecipientList } from "./recipient-list.tsx";
import { conversationsText } from "./text.ts";

/** What became of one message, by recipient: each fact with where it is from, or why nobody knows. */
export default function MessagePage() {
  const text = useText(ledgerText);
  const { title } = useText(conversationsText);
  const { id = "", mid = "" } = useRoute().params;
  const sentAt = Number(useAddress().get("at"));
  const timestamp = sentAt > 0 ? sentAt : undefined;
  const query = useInfiniteQuery({
    queryKey: ["message", id, mid, timestamp],
    queryFn: ({ pageParam, signal }) => read(id, mid, { timestamp, after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page?.recipients.next,
  });
  const trail = [
    { label: title, href: consolePath("conversations") },
    { label: id, href: consolePath("conversations", id) },
  ];
  return (
    <Page title={text.title} trail={trail}>
      <Answered query={query}>
        {({ pages }) => {
          const first = pages[0];
          if (first === undefined || first === null)
            return <Empty title={text.missing}>{text.missingHelp}</Empty>;
          const recipients = pages.flatMap((page) => page?.recipients.results ?? []);
          return (
            <>
              <Said id={mid} conversationId={id} ledger={first} />
              <Section title={`${text.recipients} (${first.recipients.total})`}>
                <RecipientList ledger={first} recipients={recipients} />
                {query.hasNextPage && (
                  <Button onClick={() => void query.fetchNextPage()} busy={query.isFetchingNextPage}>
                    {text.moreRecipients}
                  </Button>
                )}
              </Section>
              <Section title={text.events}>
                <LedgerEvents ledger={first} />
              </Section>
              <details class="card">
                <summary>JSON</summary>
                <JsonView value={first} />
              </details>
            </>
          );
        }}
      </Answered>
    </Page>
  );
}

/** The ledger; null if nothing is known of such a message. */
async function read(...asked: Parameters<typeof readLedger>): Promise<Ledger | null> {
  try {
    return await readLedger(...asked);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function Said({ id, conversationId, ledger }: { id: string; conversationId: string; ledger: Ledger }) {
  const text = useText(ledgerText);
  const queries = useQueryClient();
  const message = messageOf(conversationId, ledger);
  const said = ledger.message;
  if (message === undefined || said === undefined)
    return (
      <Section title={text.said}>
        <p>{text.inWords(ledger.message_why ?? "")}</p>
        <Id>{id}</Id>
      </Section>
    );
  const changed = (): void => {
    void queries.invalidateQueries({ queryKey: ["message", conversationId] });
    void queries.invalidateQueries({ queryKey: ["messages", conversationId] });
  };
  const isBroadcast = ledger.kind === "system" && message.toClients === undefined;
  const mentioned = said.mention_all ? text.everybody : said.mentions.join(", ");
  const facts: (readonly [string, ComponentChildren] | false)[] = [
    [text.from, <a href={consolePath("users", said.from)}>{said.from}</a>],
    [text.sentAt, <Time at={said.timestamp} />],
    said.patched_at !== undefined && [
      said.recalled ? text.recalledAt : text.editedAt,
      <Time at={said.patched_at} />,
    ],
    said.to_clients !== undefined && [text.toClients, said.to_clients.join(", ")],
    mentioned !== "" && [text.mentions, mentioned],
    said.address !== undefined && [text.address, <code>{said.address}</code>],
    [text.receipt, said.receipt ? text.yes : text.no],
    [text.id, <Id>{id}</Id>],
  ];
  return (
    <Section
      title={text.said}
      actions={<MessageActions message={message} isBroadcast={isBroadcast} onChanged={changed} />}
    >
      <div class="stack">
        {said.recalled && (
          <p>
            <Badge tone="warn">{text.recalled}</Badge>
          </p>
        )}
        <MessageBody data={said.data} isBinary={said.bin} />
        <Facts facts={facts.filter((fact) => fact !== false)} />
      </div>
    </Section>
  );
}
