import { useQuery } from "@tanstack/preact-query";
import { useRoute } from "preact-iso";
import { useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Id } from "../../ui/copy.tsx";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { idOfPart } from "../../ui/path.ts";
import { Answered, Empty } from "../../ui/state.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { AccountFacts } from "./account-facts.tsx";
import { SentMessages } from "./sent-messages.tsx";
import { usersText } from "./text.ts";
import { UserActions } from "./user-actions.tsx";
import { UserFacts } from "./user-facts.tsx";
import { type Client, readClient } from "./user-queries.ts";
import { userText } from "./user-text.ts";

/** One client. */
export default function UserPage() {
  const text = useText(userText);
  const { title } = useText(usersText);
  const { params } = useRoute();
  const id = idOfPart(params.id ?? "");
  const query = useQuery({
    queryKey: ["client", id],
    queryFn: ({ signal }) => readClient(id, signal),
  });
  const client = query.data;
  return (
    <Page
      title={id}
      trail={[{ label: title, href: "/console/users" }]}
      actions={client !== undefined && <UserActions key={id} id={id} client={client} />}
    >
      <Answered query={query}>
        {(found) => (
          <>
            <p class="actions">
              <Id>{id}</Id>
              <Badge tone={found?.online ? "good" : "plain"}>
                {found?.online ? text.online : text.offline}
              </Badge>
              {found?.ban && <Badge tone="bad">{text.banned}</Badge>}
            </p>
            <Parts key={id} id={id} client={found} />
          </>
        )}
      </Answered>
    </Page>
  );
}

/** Who never logged in may have been spoken for by the app's server: what they sent is there all the same. */
function Parts({ id, client }: { id: string; client: Client | null }) {
  const text = useText(userText);
  const address = useAddress();
  return (
    <Tabs
      label={text.parts}
      current={address.get("tab")}
      onChange={(tab) => address.set({ tab: tab === "about" ? "" : tab })}
      tabs={[
        {
          id: "about",
          label: text.tabs.about,
          render: () =>
            client === null ? (
              <div class="stack">
                <Empty title={text.unknown}>{text.unknownHelp}</Empty>
                <AccountFacts id={id} />
              </div>
            ) : (
              <UserFacts client={client} />
            ),
        },
        {
          id: "messages",
          label: text.tabs.messages,
          render: () => <SentMessages client={id} isBanned={client?.ban !== undefined} />,
        },
      ]}
    />
  );
}
