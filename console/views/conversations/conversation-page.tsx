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
import { type ConversationRow, editable, readConversation, saveAttributes } from "./conversation-queries.ts";
import { conversationText } from "./conversation-text.ts";
import { MemberList } from "./member-list.tsx";
import { MessageList } from "./message-list.tsx";
import { conversationsText } from "./text.ts";

/** One conversation. */
export default function ConversationPage() {
  const text = useText(conversationsText);
  const missing = useText(conversationText).missing;
  const { params } = useRoute();
  const id = params.id ?? "";
  const query = useQuery({
    queryKey: ["conversation", id],
    queryFn: ({ signal }) => readConversation(id, signal),
  });
  const row = query.data;
  return (
    <Page title={row?.name || id} trail={[{ label: text.title, href: "/console/conversations" }]}>
      <Answered query={query}>
        {(found) => (found === null ? <Empty title={missing} /> : <Parts key={id} row={found} />)}
      </Answered>
    </Page>
  );
}

function Parts({ row }: { row: ConversationRow }) {
  const text = useText(conversationText);
  const { kinds } = useText(conversationsText);
  const address = useAddress();
  return (
    <>
      <p class="actions">
        <Id>{row.objectId}</Id>
        {row.tr === true && <Badge tone="info">{kinds.rooms}</Badge>}
        {row.sys === true && <Badge tone="info">{kinds.services}</Badge>}
      </p>
      <Tabs
        label={text.tabsOf}
        current={address.get("tab")}
        onChange={(tab) => address.set({ tab: tab === "messages" ? "" : tab })}
        tabs={[
          {
            id: "messages",
            label: text.tabs.messages,
            render: () => <MessageList id={row.objectId} isRoom={row.tr === true} />,
          },
          { id: "members", label: text.tabs.members, render: () => <MemberList id={row.objectId} /> },
          { id: "attributes", label: text.tabs.attributes, render: () => <Attributes row={row} /> },
        ].filter(({ id }) => id !== "messages" || row.sys !== true)}
      />
    </>
  );
}

function Attributes({ row }: { row: ConversationRow }) {
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
            await saveAttributes(row, edited);
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
              [text.creator, row.c ?? "–"],
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
