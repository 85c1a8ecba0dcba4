import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useLocation, useRoute } from "preact-iso";
import { useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Id } from "../../ui/copy.tsx";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { say } from "../../ui/toast.tsx";
import { Attributes } from "./attributes.tsx";
import { type Conversation, deleteConversation, readConversation } from "./conversation-queries.ts";
import { conversationText } from "./conversation-text.ts";
import { EventList } from "./event-list.tsx";
import { HoldBadge, HoldSection } from "./hold-section.tsx";
import { holdText } from "./hold-text.ts";
import { MemberList } from "./member-list.tsx";
import { memberText } from "./member-text.ts";
import { MessageList } from "./message-list.tsx";
import { conversationsText } from "./text.ts";

/** One conversation. */
export default function ConversationPage() {
  const text = useText(conversationsText);
  const { missing } = useText(conversationText);
  const { params } = useRoute();
  const id = params.id ?? "";
  const query = useQuery({
    queryKey: ["conversation", id],
    queryFn: ({ signal }) => readConversation(id, signal),
  });
  return (
    <Page
      title={query.data?.row?.name || id}
      trail={[{ label: text.title, href: "/console/conversations" }]}
      actions={query.data && <DeleteButton conversation={query.data} />}
    >
      <Answered query={query}>
        {(found) =>
          found === null ? (
            <Empty title={missing.title}>{missing.help}</Empty>
          ) : (
            <Parts key={id} conversation={found} />
          )
        }
      </Answered>
    </Page>
  );
}

function Parts({ conversation }: { conversation: Conversation }) {
  const text = useText(conversationText);
  const { oneOf } = useText(conversationsText);
  const { title: audience } = useText(memberText);
  const { title: hold } = useText(holdText);
  const address = useAddress();
  const { id, kind, row } = conversation;
  return (
    <>
      <p class="actions">
        <Id>{id}</Id>
        {kind !== "normal" && <Badge tone="info">{oneOf[kind]}</Badge>}
        {row !== undefined && <HoldBadge id={id} />}
      </p>
      <Tabs
        label={text.tabsOf}
        current={address.get("tab")}
        onChange={(tab) => address.set({ tab: tab === "messages" ? "" : tab })}
        tabs={[
          {
            id: "messages",
            label: text.tabs.messages,
            render: () => <MessageList conversation={conversation} />,
          },
          { id: "members", label: audience[kind], render: () => <MemberList conversation={conversation} /> },
          ...(row === undefined
            ? []
            : [
                {
                  id: "attributes",
                  label: text.tabs.attributes,
                  render: () => <Attributes conversation={conversation} row={row} />,
                },
                { id: "hold", label: hold, render: () => <HoldSection id={id} /> },
              ]),
          { id: "events", label: text.events.title, render: () => <EventList id={id} /> },
        ]}
      />
    </>
  );
}

/** Deletes the conversation, once its id was typed. */
function DeleteButton({ conversation }: { conversation: Conversation }) {
  const text = useText(conversationText);
  const queries = useQueryClient();
  const { route } = useLocation();
  const { id, row } = conversation;
  const remove = async (): Promise<void> => {
    const question = {
      title: text.removeTitle,
      text: text.removeText,
      action: text.remove,
      typed: row?.name || id,
    };
    if (!(await confirm(question))) return;
    try {
      await deleteConversation(conversation);
      say.done(text.removed);
      // Before the address changes: nothing of it is to be read again.
      queries.setQueryData(["conversation", id], null);
      route("/console/conversations");
    } catch (error) {
      say.failed(error instanceof Error ? error.message : String(error));
    }
  };
  return <Button onClick={() => void remove()}>{text.remove}</Button>;
}
