import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { consolePath, useAddress } from "../../ui/address.ts";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useLanguage, useText } from "../../ui/language.ts";
import { Page, Section } from "../../ui/page.tsx";
import { Switch } from "../../ui/switch.tsx";
import { timeText } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { wordsOf } from "./content.ts";
import { bodyOf, type Draft, type PushBody } from "./notification-draft.ts";
import { pushPath } from "./push-path.ts";
import { countInstallations, sendNotification } from "./push-queries.ts";
import { sendText } from "./send-text.ts";
import { pushText, reasonOf } from "./text.ts";
import { audienceOf, audiences, reachable } from "./where.ts";

/** After this long without another key, devices are counted, in milliseconds. */
const PAUSE = 300;

/** Sends a notification to devices, now or later. How many it reaches is shown before. */
export default function SendPage() {
  const text = useText(sendText);
  const pushTexts = useText(pushText);
  const language = useLanguage();
  const address = useAddress();
  const { route } = useLocation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>({
    audience: audiences.find((each) => each === address.get("to")) ?? "channel",
    who: address.get("who"),
    isRaw: false,
    title: "",
    alert: "",
    data: '{\n  "alert": ""\n}',
    isLater: false,
    at: "",
    environment: "prod",
  });
  const set = (changes: Partial<Draft>): void => setDraft((former) => Object.assign({}, former, changes));
  const [tried, setTried] = useState(false);
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const made = bodyOf(draft, text, Date.now());
  const problems = tried && "problems" in made ? made.problems : {};
  const audience = audienceOf(draft.audience, draft.who, text);
  const where = "where" in audience ? JSON.stringify(audience.where) : undefined;
  const count = useReach(where);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if ("problems" in made || state.busy) return;
    setState({ busy: true });
    try {
      if (await confirm(await questionOf(made.body))) {
        const { objectId } = await sendNotification(made.body);
        await queries.invalidateQueries({ queryKey: ["push"] });
        say.done(text.sent);
        route(consolePath("push", "notifications", objectId));
      }
      setState({ busy: false });
    } catch (error) {
      setState({ busy: false, problem: reasonOf(error) });
    }
  };
  const questionOf = async ({ where: asked, data, push_time: at }: PushBody) => {
    const fits = await countInstallations(reachable(asked, Date.now()));
    const none = fits === 0 ? text.confirmNone : "";
    return {
      title: at === undefined ? text.confirmNow(fits) : text.confirmLater(timeText(at, language)),
      text: none + text.confirmText(wordsOf(data) ?? "{ … }"),
      action: text.action,
      look: "main" as const,
    };
  };
  return (
    <Page title={text.title} trail={[{ label: pushTexts.title, href: "/console/push" }]}>
      <div class="columns">
        <form class="card stack" onSubmit={(event) => void send(event)}>
          <p class="faint">{text.explained}</p>
          <SelectField
            label={text.to}
            value={draft.audience}
            options={audiences.map((value) => ({ value, label: text.audiences[value] }))}
            onChange={(chosen) => set({ audience: chosen })}
          />
          {draft.audience === "channel" && (
            <Field
              label={text.who.channel}
              help={text.whoHelp.channel}
              value={draft.who}
              onChange={(who) => set({ who })}
              error={problems.who}
            />
          )}
          {draft.audience === "where" && (
            <TextArea
              label={text.who.where}
              help={text.whoHelp.where}
              code
              value={draft.who}
              onChange={(who) => set({ who })}
              error={problems.who}
            />
          )}
          <Reach where={where} count={count} />
          {draft.isRaw ? (
            <TextArea
              label={text.data}
              help={text.dataHelp}
              code
              rows={8}
              value={draft.data}
              onChange={(data) => set({ data })}
              error={problems.data}
            />
          ) : (
            <>
              <Field
                label={text.whatTitle}
                optional
                value={draft.title}
                onChange={(title) => set({ title })}
              />
              <TextArea
                label={text.alert}
                rows={2}
                value={draft.alert}
                onChange={(alert) => set({ alert })}
                error={problems.alert}
              />
            </>
          )}
          <Switch label={text.raw} checked={draft.isRaw} onChange={(isRaw) => set({ isRaw })} />
          <div class="filters">
            <SelectField
              label={text.when}
              value={draft.isLater ? "later" : "now"}
              options={(["now", "later"] as const).map((value) => ({ value, label: text.whens[value] }))}
              onChange={(chosen) => set({ isLater: chosen === "later" })}
            />
            {draft.isLater && (
              <Field
                label={text.at}
                type="datetime-local"
                value={draft.at}
                onChange={(at) => set({ at })}
                error={problems.at}
              />
            )}
            <SelectField
              label={text.environment}
              value={draft.environment}
              options={(["prod", "dev"] as const).map((value) => ({
                value,
                label: text.environments[value],
              }))}
              onChange={(environment) => set({ environment })}
            />
          </div>
          {state.problem && (
            <p class="bad" role="alert">
              {state.problem}
            </p>
          )}
          <div class="actions">
            <Button type="submit" look="main" icon="send" busy={state.busy}>
              {text.send}
            </Button>
          </div>
        </form>
        {"body" in made && (
          <Section title={text.preview}>
            <JsonView value={made.body} />
          </Section>
        )}
      </div>
    </Page>
  );
}

/** How many devices fit; undefined while it is not known. */
function useReach(where: string | undefined): number | undefined {
  const [settled, setSettled] = useState(where);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(where), PAUSE);
    return () => clearTimeout(timer);
  }, [where]);
  const query = useQuery({
    queryKey: ["push", "reach", settled],
    queryFn: ({ signal }) => countInstallations(reachable(JSON.parse(settled ?? "{}"), Date.now()), signal),
    enabled: settled !== undefined,
  });
  return settled === where ? query.data : undefined;
}

function Reach({ where, count }: { where: string | undefined; count: number | undefined }) {
  const text = useText(sendText);
  if (where === undefined) return null;
  return (
    <p class="push-reach" aria-live="polite">
      {count === undefined ? (
        <span class="faint">{text.counting}</span>
      ) : (
        <>
          <strong>{text.reach(count)}</strong>{" "}
          <a href={pushPath("installations", where === "{}" ? {} : { by: "where", q: where })}>{text.see}</a>{" "}
          <span class="faint">{text.reachHelp}</span>
        </>
      )}
    </p>
  );
}
