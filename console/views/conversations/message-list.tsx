import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/preact-query";
import { MessageBody } from "../../parts/message-body.tsx";
import {
  type HistoryPlace,
  MESSAGES,
  type Message,
  readMessages,
  readValidBroadcasts,
} from "../../parts/message-queries.ts";
import { messageText } from "../../parts/message-text.ts";
import { consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { useText } from "../../ui/language.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import type { Conversation } from "./conversation-queries.ts";
import { MessageActions } from "./message-actions.tsx";
import { SendForm } from "./send-form.tsx";

/** The history of a conversation, the newest first, and a form to say something. */
export function MessageList({ conversation }: { conversation: Conversation }) {
  const { id, kind } = conversation;
  const text = useText(messageText);
  const queries = useQueryClient();
  const again = (): void => void queries.invalidateQueries({ queryKey: ["messages", id] });
  const query = useInfiniteQuery({
    queryKey: ["messages", id],
    queryFn: ({ pageParam, signal }) => readMessages(conversation, pageParam, signal),
    initialPageParam: undefined as HistoryPlace | undefined,
    getNextPageParam: (page) => {
      const last = page.at(-1);
      if (last === undefined || page.length < MESSAGES) return undefined;
      return { timestamp: last.timestamp, msgid: last.id };
    },
  });
  const broadcasts = useQuery({
    queryKey: ["messages", id, "broadcasts"],
    queryFn: ({ signal }) => readValidBroadcasts(id, signal),
    enabled: kind === "system",
  });
  return (
    <div class="stack">
      <SendForm conversation={conversation} onSent={again} />
      <Answered query={query} lines={8}>
        {({ pages }) =>
          pages[0]?.length === 0 ? (
            <Empty title={text.noMessages}>{text.noMessagesHelp}</Empty>
          ) : (
            <ol class="messages" aria-label={text.messages}>
              {pages.flat().map((message) => (
                <MessageItem
                  key={message.id}
                  message={message}
                  validTill={broadcasts.data?.get(message.id)}
                  onChanged={again}
                />
              ))}
            </ol>
          )
        }
      </Answered>
      {query.hasNextPage && (
        <Button onClick={() => void query.fetchNextPage()} busy={query.isFetchingNextPage}>
          {text.older}
        </Button>
      )}
    </div>
  );
}

interface ItemProps {
  message: Message;
  /** Until when it is broadcast to everybody (ms). */
  validTill: number | undefined;
  onChanged(): void;
}

function MessageItem({ message, validTill, onChanged }: ItemProps) {
  const text = useText(messageText);
  const { id, conversationId, kind, from, timestamp, changedAt, toClients, deliveredAt } = message;
  const ledger = `${consolePath("conversations", conversationId, "messages", id)}?at=${timestamp}`;
  const toOne = toClients?.filter((clientId) => clientId !== from) ?? [];
  return (
    <li class="message">
      <header>
        <a href={consolePath("users", from)}>{from}</a>
        {toOne.length > 0 && (
          <span class="faint">
            {text.to} {toOne.join(", ")}
          </span>
        )}
        <span class="faint">
          <Time at={timestamp} />
        </span>
        {changedAt !== undefined && (
          <Badge>
            {text.changed} <Time at={changedAt} />
          </Badge>
        )}
        {deliveredAt !== undefined && (
          <Badge tone="good">
            {text.delivered} <Time at={deliveredAt} />
          </Badge>
        )}
        {validTill !== undefined && (
          <Badge tone="info">
            {text.toEverybodyUntil} <Time at={validTill} />
          </Badge>
        )}
        <a class="ledger-link" href={ledger} aria-label={text.ledgerOf(from)}>
          {text.ledger}
        </a>
        <MessageActions
          message={message}
          isBroadcast={kind === "system" && toClients === undefined && validTill === undefined}
          onChanged={onChanged}
        />
      </header>
      <MessageBody data={message.data} isBinary={message.isBinary} />
    </li>
  );
}
