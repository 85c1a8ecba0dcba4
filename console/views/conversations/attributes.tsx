import { useQueryClient } from "@tanstack/preact-query";
import { consolePath } from "../../ui/address.ts";
import { JsonEditor, JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Time } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { editable } from "./attribute-changes.ts";
import { AttributeForm } from "./attribute-form.tsx";
import { type Conversation, type ConversationRow, saveAttributes } from "./conversation-queries.ts";
import { conversationText } from "./conversation-text.ts";

/** The attributes of a conversation, as a form and as JSON, and its whole row. */
export function Attributes({ conversation, row }: { conversation: Conversation; row: ConversationRow }) {
  const text = useText(conversationText);
  const queries = useQueryClient();
  const before = editable(row);
  const save = async (edited: Record<string, unknown>): Promise<void> => {
    await saveAttributes(conversation, before, edited);
    say.done(text.saved);
    await queries.invalidateQueries({ queryKey: ["conversation", conversation.id] });
  };
  return (
    <div class="columns">
      <Section title={text.asForm}>
        <AttributeForm key={row.updatedAt} value={before} onSave={save} />
      </Section>
      <Section title={text.asJson}>
        <JsonEditor key={row.updatedAt} label={text.attributes} value={before} onSave={save} />
      </Section>
      <Section title={text.row}>
        <div class="stack">
          <Facts
            facts={[
              [
                text.creator,
                typeof row.c === "string" ? (
                  <a key="creator" href={consolePath("users", row.c)}>
                    {row.c}
                  </a>
                ) : (
                  "–"
                ),
              ],
              [text.created, <Time key="created" at={row.createdAt} />],
              [text.changed, <Time key="changed" at={row.updatedAt} />],
            ]}
          />
          <JsonView value={row} />
        </div>
      </Section>
    </div>
  );
}
