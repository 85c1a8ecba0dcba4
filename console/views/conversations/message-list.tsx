import { useInfiniteQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { consolePath } from "../../ui/address.ts";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextArea } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Menu } from "../../ui/menu.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import {
  deleteMessage,
  editMessage,
  type HistoryPlace,
  MESSAGES,
  type Message,
  readMessages,
  recallMessage,
} from "./conversation-queries.ts";
import { conversationText } from "./conversation-text.ts";
import { MessageBody } from "./message-body.tsx";
import { SendForm } from "./send-form.tsx";

/** The history of a conversation, the newest first, and a form to say something. */
export function MessageList({ id, isRoom }: { id: string; isRoom: boolean }) {
  const text = useText(conversationText);
  const queries = useQueryClient();
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: ["messages", id] });
  const [edited, setEdited] = useState<Message>();
  const query = useInfiniteQuery({
    queryKey: ["messages", id],
    queryFn: ({ pageParam, signal }) => readMessages(id, isRoom, pageParam, signal),
    initialPageParam: undefined as HistoryPlace | undefined,
    getNextPageParam: (page) => {
      const last = page.at(-1);
      if (last === undefined || page.length < MESSAGES) return undefined;
      return { timestamp: last.timestamp, msgid: last["msg-id"] };
    },
  });
  return (
    <div class="stack">
      <SendForm id={id} isRoom={isRoom} onSent={() => void again()} />
      <Answered query={query} lines={8}>
        {({ pages }) =>
          pages[0]?.length === 0 ? (
            <Empty title={text.noMessages}>{text.noMessagesHelp}</Empty>
          ) : (
            <ol class="messages" aria-label={text.tabs.messages}>
              {pages.flat().map((message) => (
                <MessageItem
                  key={message["msg-id"]}
                  message={message}
                  onEdit={() => setEdited(message)}
                  onChanged={() => void again()}
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
      {edited && (
        <EditDialog
          key={edited["msg-id"]}
          message={edited}
          onClose={() => setEdited(undefined)}
          onChanged={() => void again()}
        />
      )}
    </div>
  );
}

interface ItemProps {
  message: Message;
  onEdit(): void;
  onChanged(): void;
}

function MessageItem({ message, onEdit, onChanged }: ItemProps) {
  const text = useText(conversationText);
  const attempt = async (change: Promise<unknown>): Promise<void> => {
    try {
      await change;
      say.done(text.done);
    } catch (error) {
      say.failed(error instanceof Error ? error.message : String(error));
    }
    onChanged();
  };
  const recall = async (): Promise<void> => {
    const question = { title: text.recallTitle, text: text.recallText, action: text.recall };
    if (await confirm(question)) await attempt(recallMessage(message));
  };
  const remove = async (): Promise<void> => {
    const question = { title: text.removeTitle, text: text.removeText, action: text.remove };
    if (await confirm(question)) await attempt(deleteMessage(message));
  };
  return (
    <li class="message">
      <header>
        <a href={consolePath("users", message.from)}>{message.from}</a>
        <span class="faint">
          <Time at={message.timestamp} />
        </span>
        <Menu
          label={text.actions}
          items={[
            { id: "edit", label: text.edit, disabled: message.bin, onSelect: onEdit },
            { id: "recall", label: text.recall, onSelect: () => void recall() },
            { id: "remove", label: text.remove, look: "danger", onSelect: () => void remove() },
          ]}
        />
      </header>
      <MessageBody data={message.data} isBinary={message.bin} />
    </li>
  );
}

function EditDialog({
  message,
  onClose,
  onChanged,
}: {
  message: Message;
  onClose(): void;
  onChanged(): void;
}) {
  const text = useText(conversationText);
  const [data, setData] = useState(message.data);
  const [problem, setProblem] = useState<string>();
  const save = async (): Promise<void> => {
    try {
      await editMessage(message, data);
      onChanged();
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog open wide title={text.edit} onClose={onClose}>
      <TextArea
        label={text.message}
        code
        rows={8}
        value={data}
        onChange={setData}
        onSubmit={() => void save()}
        error={problem}
      />
      <footer class="actions">
        <Button look="main" onClick={() => void save()}>
          {text.edit}
        </Button>
      </footer>
    </Dialog>
  );
}
