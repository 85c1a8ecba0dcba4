import { useState } from "preact/hooks";
import { deleteMessage, editMessage, type Message, recallMessage } from "../../parts/message-queries.ts";
import { messageText } from "../../parts/message-text.ts";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextArea } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Menu } from "../../ui/menu.tsx";
import { say } from "../../ui/toast.tsx";

export interface MessageActionsProps {
  message: Message;
  /** It was broadcast to subscribers: such a message stays, and can only be recalled. */
  isBroadcast?: boolean;
  onChanged(): void;
}

/** What an owner can do with a message: edit, recall, delete. */
export function MessageActions({ message, isBroadcast = false, onChanged }: MessageActionsProps) {
  const text = useText(messageText);
  const [isEditing, setEditing] = useState(false);
  const ask = async (
    question: { title: string; text: string; action: string },
    change: (message: Message) => Promise<unknown>,
  ): Promise<void> => {
    if (!(await confirm(question))) return;
    try {
      await change(message);
      say.done(text.done);
    } catch (error) {
      say.failed(error instanceof Error ? error.message : String(error));
    }
    onChanged();
  };
  const recalling = { title: text.recallTitle, text: text.recallText, action: text.recall };
  const removing = { title: text.removeTitle, text: text.removeText, action: text.remove };
  return (
    <>
      <Menu
        label={text.actions}
        items={[
          { id: "edit", label: text.edit, disabled: message.isBinary, onSelect: () => setEditing(true) },
          { id: "recall", label: text.recall, onSelect: () => void ask(recalling, recallMessage) },
          {
            id: "remove",
            label: text.remove,
            look: "danger",
            disabled: isBroadcast,
            onSelect: () => void ask(removing, deleteMessage),
          },
        ]}
      />
      {isEditing && <EditDialog message={message} onClose={() => setEditing(false)} onChanged={onChanged} />}
    </>
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
  const text = useText(messageText);
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
