import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useRoute } from "preact-iso";
import { useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Id } from "../../ui/copy.tsx";
import { JsonEditor, JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Page, Section } from "../../ui/page.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { Time } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { editable } from "./attributes.ts";
import {
  type Conversation,
  type ConversationRow,
  readConversation,
  saveAttributes,
} from "./conversation-queries.ts";
import { conversationText } from "./conversation-text.ts";
import { MemberList } from "./member-list.tsx";
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
    <Page title={query.data?.row?.name || id} trail={[{ label: text.title, href: "/console/conversations" }]}>
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
  const address = useAddress();
  const { id, kind, row } = conversation;
  return (
    <>
      <p class="actions">
        <Id>{id}</Id>
        {kind !== "normal" && <Badge tone="info">{oneOf[kind]}</Badge>}
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
          { id: "members", label: text.tabs[AUDIENCE[kind]], render: () => <MemberList id={id} /> },
          ...(row === undefined
            ? []
            : [
                {
                  id: "attributes",
                  label: text.tabs.attributes,
                  render: () => <Attributes conversation={conversation} row={row} />,
                },
              ]),
        ]}
      />
    </>
  );
}

const AUDIENCE = { normal: "members", temporary: "members", room: "present", system: "subscribers" } as const;

function Attributes({ conversation, row }: { conversation: Conversation; row: ConversationRow }) {
  const text = useText(conversationText);
  const queries = useQueryClient();
  return (
    <div class="columns">
      <Section title={text.tabs.attributes}>
        <JsonEditor
          key={row.updatedAt}
          label={text.attributes}
          value={editable(row)}
          onSave={async (edited) => {
            await saveAttributes(conversation, editable(row), edited);
            say.done(text.saved);
            await queries.invalidateQueries({ queryKey: ["conversation", row.objectId] });
          }}
        />
      </Section>
      <Section title="JSON">
        <div class="stack">
          <Facts
            facts={[
              [text.name, row.name ?? "–"],
              [text.creator, typeof row.c === "string" ? row.c : "–"],
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
