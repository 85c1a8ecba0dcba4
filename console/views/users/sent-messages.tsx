import { useInfiniteQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { MessageBody } from "../../parts/message-body.tsx";
import { contentOf } from "../../parts/message-content.ts";
import { recallMessage } from "../../parts/message-queries.ts";
import { consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { recallAll } from "./recalling.ts";
import { ReasonDialog } from "./user-actions.tsx";
import { ban, readSent, SENT_PAGE, type SentMessage } from "./user-queries.ts";
import { userText } from "./user-text.ts";

/** So many pages are loaded by one press: a tab holds no history without end. */
const PAGES_AT_ONCE = 20;

/** What was recalled while this was open: the archive tells it a moment later. */
type Fates = Record<string, "recalled" | { why: string }>;

/** What a client sent, in all conversations: to read, and to recall many at once. */
export function SentMessages({ client, isBanned }: { client: string; isBanned: boolean }) {
  const text = useText(userText);
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [fates, setFates] = useState<Fates>({});
  const [progress, setProgress] = useState<{ done: number; of: number }>();
  const [isBanning, setBanning] = useState(false);
  const [isLoadingMany, setLoadingMany] = useState(false);
  const query = useInfiniteQuery({
    queryKey: ["sent", client],
    queryFn: ({ pageParam, signal }) => readSent(client, pageParam, signal),
    initialPageParam: undefined as { timestamp: number; msgid: string } | undefined,
    getNextPageParam: ({ messages: page }) => {
      const last = page.at(-1);
      if (last === undefined || page.length < SENT_PAGE) return undefined;
      return { timestamp: last.timestamp, msgid: last.id };
    },
  });
  const messages = query.data?.pages.flatMap(({ messages: page }) => page) ?? [];
  const recallable = messages.filter((message) => fates[message.id] !== "recalled" && !isRecalled(message));
  const selected = recallable.filter(({ id }) => chosen.has(id));
  const choose = (id: string, isChosen: boolean): void => {
    const next = new Set(chosen);
    if (isChosen) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  const recall = async (): Promise<void> => {
    setProgress({ done: 0, of: selected.length });
    const { done, failed } = await recallAll(selected, recallSent(text.gone), (count) =>
      setProgress({ done: count, of: selected.length }),
    );
    setProgress(undefined);
    setFates((former) =>
      Object.assign(
        {},
        former,
        Object.fromEntries(done.map((id) => [id, "recalled"])),
        Object.fromEntries(failed.map(({ id, why }) => [id, { why }])),
      ),
    );
    setChosen(new Set(failed.map(({ id }) => id)));
    if (done.length > 0) say.done(text.recalledCount(done.length));
    if (failed.length > 0) say.failed(text.failedCount(failed.length), failed[0]?.why);
  };
  const loadMany = async (): Promise<void> => {
    setLoadingMany(true);
    for (let pages = 0; pages < PAGES_AT_ONCE; pages++) {
      const { hasNextPage, isError } = await query.fetchNextPage();
      if (!hasNextPage || isError) break;
    }
    setLoadingMany(false);
  };
  const askAndRecall = async (): Promise<void> => {
    const question = { title: text.recallTitle(selected.length), text: text.recallText, action: text.recall };
    if (await confirm(question)) await recall();
  };
  return (
    <Answered query={query} lines={8}>
      {({ pages: [newest] }) => (
        <div class="stack">
          <p class="actions faint">
            {newest && newest.completeUntil > 0 ? (
              <span>
                {text.completeUntil} <Time at={newest.completeUntil} />
                {text.laterOnes}
              </span>
            ) : (
              text.noneComplete
            )}
            {newest && newest.completeSince > 0 && (
              <span>
                {text.completeSince} <Time at={newest.completeSince} />
                {text.earlierOnes}
              </span>
            )}
            <Button look="quiet" onClick={() => void query.refetch()} busy={query.isRefetching}>
              {text.refresh}
            </Button>
          </p>
          {messages.length === 0 ? (
            <Empty title={text.noMessages}>{text.noMessagesHelp}</Empty>
          ) : (
            <>
              <div class="card sent-actions">
                <label class="choice">
                  <input
                    type="checkbox"
                    checked={recallable.length > 0 && selected.length === recallable.length}
                    disabled={recallable.length === 0}
                    onChange={(event) =>
                      setChosen(new Set(event.currentTarget.checked ? recallable.map(({ id }) => id) : []))
                    }
                  />
                  {text.chooseAll(recallable.length)}
                </label>
                {query.hasNextPage && <span class="faint">{text.olderNotLoaded}</span>}
                <span class="faint" role="status">
                  {progress ? text.progress(progress.done, progress.of) : text.chosen(selected.length)}
                </span>
                <div class="actions">
                  <Button
                    disabled={selected.length === 0}
                    busy={progress !== undefined}
                    onClick={() => void askAndRecall()}
                  >
                    {text.recall}
                  </Button>
                  {!isBanned && (
                    <Button
                      look="danger"
                      disabled={selected.length === 0}
                      busy={progress !== undefined}
                      onClick={() => setBanning(true)}
                    >
                      {text.banAndRecall}
                    </Button>
                  )}
                </div>
              </div>
              <ol class="messages" aria-label={text.tabs.messages}>
                {messages.map((message) => (
                  <SentItem
                    key={message.id}
                    message={message}
                    fate={fates[message.id]}
                    isChosen={chosen.has(message.id)}
                    onChoose={(isChosen) => choose(message.id, isChosen)}
                  />
                ))}
              </ol>
              {query.hasNextPage && (
                <p class="actions">
                  <Button
                    onClick={() => void query.fetchNextPage()}
                    busy={query.isFetchingNextPage || isLoadingMany}
                  >
                    {text.older}
                  </Button>
                  <Button onClick={() => void loadMany()} busy={query.isFetchingNextPage || isLoadingMany}>
                    {text.loadMany(PAGES_AT_ONCE * SENT_PAGE)}
                  </Button>
                </p>
              )}
              {isBanning && (
                <ReasonDialog
                  title={text.banAndRecallTitle(client, selected.length)}
                  description={`${text.banText} ${text.recallText}`}
                  action={text.banAndRecall}
                  most={200}
                  onClose={() => setBanning(false)}
                  onReason={async (reason) => {
                    // First the ban: nothing more comes while the rest is recalled.
                    await ban(client, reason);
                    say.done(text.bannedNow);
                    void recall().then(() => queries.invalidateQueries({ queryKey: ["client", client] }));
                  }}
                />
              )}
            </>
          )}
        </div>
      )}
    </Answered>
  );
}

const isRecalled = ({ data, isBinary }: SentMessage): boolean =>
  contentOf(data, isBinary).kind === "recalled";

const recallSent = (gone: string) => async (message: SentMessage) => {
  const { kind } = message;
  if (kind === undefined) throw new Error(gone);
  return recallMessage(Object.assign({}, message, { kind }));
};

interface SentItemProps {
  message: SentMessage;
  fate: Fates[string] | undefined;
  isChosen: boolean;
  onChoose(isChosen: boolean): void;
}

function SentItem({ message, fate, isChosen, onChoose }: SentItemProps) {
  const text = useText(userText);
  const isGone = fate === "recalled" || isRecalled(message);
  const { conversationId, conversationName } = message;
  return (
    <li class="message sent-message">
      <input
        type="checkbox"
        aria-label={text.choose(new Date(message.timestamp).toLocaleString())}
        checked={isChosen && !isGone}
        disabled={isGone}
        onChange={(event) => onChoose(event.currentTarget.checked)}
      />
      <div>
        <header>
          <a href={consolePath("conversations", conversationId)}>{conversationName ?? conversationId}</a>
          <a class="faint" href={consolePath("conversations", conversationId, "messages", message.id)}>
            <Time at={message.timestamp} />
          </a>
          {isGone && <Badge tone="warn">{text.isRecalled}</Badge>}
          {typeof fate === "object" && <Badge tone="bad">{fate.why}</Badge>}
        </header>
        {!isGone && <MessageBody data={message.data} isBinary={message.isBinary} />}
      </div>
    </li>
  );
}
