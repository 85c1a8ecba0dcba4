import { useQuery, useQueryClient } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Id } from "../../ui/copy.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { say } from "../../ui/toast.tsx";
import { ApnsKeyForm } from "./apns-key-form.tsx";
import { keyText } from "./key-text.ts";
import { type KeyFacts, makers, profilesIn } from "./provider-keys.ts";
import { settingPath } from "./push-path.ts";
import { type PushSettings, pushAttention, readSettings, removeApnsKey } from "./push-queries.ts";
import { pushText, reasonOf } from "./text.ts";

type ApnsKey = NonNullable<NonNullable<PushSettings["apns"]>["keys"]>[number];

/** What is set up for each provider, and what it is valid for. Secrets never leave the server. */
export function KeyList() {
  const query = useQuery({
    queryKey: ["push", "settings"],
    queryFn: ({ signal }) => readSettings(signal),
  });
  return (
    <div class="stack">
      <Attention />
      <Answered query={query} lines={10}>
        {({ push = {} }) => (
          <div class="push-keys">
            <AppleKeys keys={push.apns?.keys ?? []} />
            <FcmKey account={push.fcm?.serviceAccount ?? null} />
            <WebPushKey keys={push.webPush ?? null} />
            {makers.map((maker) => (
              <MakerKeys key={maker} maker={maker} setting={push[maker]} />
            ))}
            <Webhook url={push.webhook?.url ?? null} isSigned={(push.webhook?.secret ?? null) !== null} />
            <StaticContent content={push.static ?? null} />
          </div>
        )}
      </Answered>
    </div>
  );
}

/** Providers that refuse or are slow, as the overview says it too. */
function Attention() {
  const text = useText(keyText);
  const query = useQuery({
    queryKey: ["push", "attention"],
    queryFn: ({ signal }) => pushAttention(signal),
  });
  if (query.data === undefined || query.data.length === 0) return null;
  return (
    <Section title={text.attention}>
      <ul class="stack">
        {query.data.map((each) => (
          <li key={each.code + each.text}>
            <Badge tone={each.severity === "error" ? "bad" : "warn"}>{each.code}</Badge> {each.text}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function ProviderSection(props: {
  name: string;
  isSet: boolean;
  setting?: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const text = useText(keyText);
  const { providers } = useText(pushText);
  const { name, isSet, setting } = props;
  return (
    <Section
      title={providers[name] ?? name}
      actions={
        <>
          <Badge tone={isSet ? "good" : "plain"}>{isSet ? text.set : text.notSet}</Badge>
          {props.actions}
        </>
      }
    >
      <div class="stack">
        {props.children}
        {setting !== undefined && <a href={settingPath(setting)}>{isSet ? text.change : text.setUp}</a>}
      </div>
    </Section>
  );
}

function AppleKeys({ keys }: { keys: readonly ApnsKey[] }) {
  const text = useText(keyText);
  const { failed } = useText(pushText);
  const queries = useQueryClient();
  const [edited, setEdited] = useState<Pick<ApnsKey, "keyId" | "teamId" | "topics">>();
  const again = () => queries.invalidateQueries({ queryKey: ["push", "settings"] });
  const remove = async (keyId: string): Promise<void> => {
    const question = {
      title: text.removeTitle(keyId),
      text: text.removeText,
      action: text.removeAction,
      typed: keyId,
    };
    if (!(await confirm(question))) return;
    try {
      await removeApnsKey(keyId);
      say.done(text.removed(keyId));
    } catch (error) {
      say.failed(failed, reasonOf(error));
    }
    await again();
  };
  return (
    <ProviderSection
      name="apns"
      isSet={keys.length > 0}
      actions={<Button onClick={() => setEdited({ keyId: "", teamId: "", topics: [] })}>{text.add}</Button>}
    >
      <p class="faint">{text.apnsHelp}</p>
      {keys.map((key) => (
        <div key={key.keyId} class="push-key">
          <Facts
            facts={[
              [text.keyId, <Id key="id">{key.keyId}</Id>],
              [text.team, <code key="team">{key.teamId}</code>],
              [text.topics, <Lines key="topics" lines={key.topics} />],
            ]}
          />
          <p class="faint">{text.hidden("privateKey")}</p>
          <div class="actions">
            <Button look="quiet" onClick={() => setEdited(key)}>
              {text.replace}
            </Button>
            <Button look="quiet" onClick={() => void remove(key.keyId)}>
              {text.remove}
            </Button>
          </div>
        </div>
      ))}
      {edited && (
        <ApnsKeyForm
          before={edited}
          onClose={() => setEdited(undefined)}
          onSaved={() => {
            setEdited(undefined);
            void again();
          }}
        />
      )}
    </ProviderSection>
  );
}

function FcmKey({ account }: { account: NonNullable<PushSettings["fcm"]>["serviceAccount"] | null }) {
  const text = useText(keyText);
  return (
    <ProviderSection name="fcm" isSet={!!account} setting="push.fcm">
      <p class="faint">{text.fcmHelp}</p>
      {account ? (
        <Facts
          facts={[
            [text.project, <code key="project">{account.project_id}</code>],
            [text.account, <code key="account">{account.client_email}</code>],
          ]}
        />
      ) : (
        <Command line="npm run push -- fcm --key service-account.json" />
      )}
    </ProviderSection>
  );
}

function WebPushKey({ keys }: { keys: PushSettings["webPush"] | null }) {
  const text = useText(keyText);
  return (
    <ProviderSection name="webPush" isSet={!!keys} setting="push.webPush">
      <p class="faint">{text.webHelp}</p>
      {keys ? (
        <Facts
          facts={[
            [text.publicKey, <Id key="key">{keys.publicKey}</Id>],
            [text.subject, <code key="subject">{keys.subject}</code>],
          ]}
        />
      ) : (
        <Command line="npm run push -- web --subject mailto:you@example.com" />
      )}
    </ProviderSection>
  );
}

function MakerKeys({ maker, setting }: { maker: (typeof makers)[number]; setting: unknown }) {
  const text = useText(keyText);
  const profiles = profilesIn(setting);
  return (
    <ProviderSection name={maker} isSet={profiles.length > 0} setting={`push.${maker}`}>
      <p class="faint">{text.vendorHelp}</p>
      {profiles.map(({ name, facts }) => (
        <div key={name} class="push-key">
          <p>
            <strong>
              {text.profile} {name}
            </strong>{" "}
            <span class="faint">{name === "_default" ? text.defaultProfile : text.named(name)}</span>
          </p>
          <KnownFields facts={facts} />
        </div>
      ))}
      {profiles.length === 0 && <Command line={`npm run push -- ${maker} --help`} />}
    </ProviderSection>
  );
}

function Webhook({ url, isSigned }: { url: string | null; isSigned: boolean }) {
  const text = useText(keyText);
  return (
    <ProviderSection name="webhook" isSet={url !== null} setting="push.webhook">
      <p class="faint">{text.webhookHelp}</p>
      {url !== null && (
        <>
          <Facts facts={[[text.url, <code key="url">{url}</code>]]} />
          <p class={isSigned ? "faint" : "bad"}>{isSigned ? text.signed : text.unsigned}</p>
        </>
      )}
    </ProviderSection>
  );
}

function StaticContent({ content }: { content: Record<string, unknown> | null }) {
  const text = useText(keyText);
  return (
    <ProviderSection name={text.static} isSet={content !== null} setting="push.static">
      <p class="faint">{text.staticHelp}</p>
      {content !== null && <JsonView value={content} />}
    </ProviderSection>
  );
}

function KnownFields({ facts: { values, secrets } }: { facts: KeyFacts }) {
  const text = useText(keyText);
  return (
    <>
      <Facts facts={values.map(([name, value]) => [name, <code key={name}>{value}</code>] as const)} />
      {secrets.length > 0 && <p class="faint">{text.hidden(secrets.join(", "))}</p>}
    </>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <ul>
      {lines.map((line) => (
        <li key={line}>
          <code>{line}</code>
        </li>
      ))}
    </ul>
  );
}

function Command({ line }: { line: string }) {
  const text = useText(keyText);
  return (
    <p class="faint">
      {text.command} <code>{line}</code>
    </p>
  );
}
