import { consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Time } from "../../ui/time.tsx";
import { AccountFacts } from "./account-facts.tsx";
import type { Client } from "./user-queries.ts";
import { userText } from "./user-text.ts";

/** What is known of a client: where it is, what waits for it, what it follows. */
export function UserFacts({ client }: { client: Client }) {
  const text = useText(userText);
  const id = client.client_id;
  return (
    <div class="columns">
      <Section title={text.about}>
        <Facts
          facts={[
            [
              text.firstLogin,
              client.first_login_at ? <Time key="t" at={client.first_login_at} /> : text.notKept,
            ],
            [text.kickedAt, client.kicked_at ? <Time key="t" at={client.kicked_at} /> : "–"],
            [
              text.ban,
              client.ban ? (
                <span key="ban">
                  <Time at={client.ban.at} /> {client.ban.reason || text.noReason}
                </span>
              ) : (
                "–"
              ),
            ],
            [text.conversations, <Memberships key="m" client={client} />],
            [
              text.log,
              <a key="log" href={`/console/events?${new URLSearchParams({ client: id })}`}>
                {text.logOf}
              </a>,
            ],
            [
              text.signature,
              <a key="s" href={`/console/users?${new URLSearchParams({ tab: "signature", client: id })}`}>
                {text.tryIt}
              </a>,
            ],
          ]}
        />
      </Section>
      <Sessions client={client} />
      <AccountFacts id={id} />
      <Section title={text.unread}>
        <Listed
          none={text.noUnread}
          items={client.unread.map(({ conv_id, unread }) => (
            <li key={conv_id}>
              <a href={consolePath("conversations", conv_id)}>{conv_id}</a>
              <Badge tone="info">{unread}</Badge>
            </li>
          ))}
        />
        {!client.unread_complete && <p class="faint">{text.unreadIncomplete}</p>}
      </Section>
      <Section title={text.installations}>
        <Listed
          none={text.noInstallations}
          items={client.installations.map((device) => (
            <li key={device.id}>
              <a href={consolePath("push", "installations", device.id)}>{device.id}</a>
              <span>
                {device.device_type} {device.vendor}
              </span>
              {!device.valid && <Badge tone="bad">{text.invalid}</Badge>}
              <span class="faint">
                <Time at={device.updated_at} />
              </span>
            </li>
          ))}
        />
        <p>
          <a href={`/console/push?${new URLSearchParams({ tab: "why", client: id })}`}>{text.whyNotPushed}</a>
        </p>
      </Section>
      <Section title={text.services}>
        <Listed
          none={text.noServices}
          items={client.services.map(({ conv_id, since }) => (
            <li key={conv_id}>
              <a href={consolePath("conversations", conv_id)}>{conv_id}</a>
              <span class="faint">
                <Time at={since} />
              </span>
            </li>
          ))}
        />
      </Section>
      <Section title={text.refused}>
        <Listed
          none={text.noRefused}
          items={client.refused_conversations.map((conversation) => (
            <li key={conversation}>
              <a href={consolePath("conversations", conversation)}>{conversation}</a>
            </li>
          ))}
        />
      </Section>
    </div>
  );
}

function Memberships({ client }: { client: Client }) {
  const parameters = new URLSearchParams({ by: "member", q: client.client_id });
  return <a href={`/console/conversations?${parameters}`}>{client.conversations.toLocaleString()}</a>;
}

function Sessions({ client }: { client: Client }) {
  const text = useText(userText);
  return (
    <Section title={text.devices}>
      <Listed
        none={text.noDevices}
        items={client.sessions.map((session) => (
          <li key={session.session_id}>
            <strong>{session.device_id}</strong>
            {session.tag && <Badge tone="info">{session.tag}</Badge>}
            {session.broken && <Badge tone="warn">{text.broken}</Badge>}
            <code>{session.user_agent ?? text.noAgent}</code>
            <span class="faint">
              {session.address} {session.opened_at && <Time at={session.opened_at} />}
            </span>
          </li>
        ))}
      />
    </Section>
  );
}

function Listed({ items, none }: { items: preact.JSX.Element[]; none: string }) {
  return items.length === 0 ? <p class="faint">{none}</p> : <ul class="user-list">{items}</ul>;
}
