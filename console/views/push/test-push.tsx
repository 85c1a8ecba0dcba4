import { useState } from "preact/hooks";
import * as v from "valibot";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { useForm } from "../../ui/form.ts";
import { useText } from "../../ui/language.ts";
import { Facts } from "../../ui/page.tsx";
import { pushPath } from "./push-path.ts";
import { type TestResult, testPush } from "./push-queries.ts";
import { testText } from "./test-text.ts";
import { pushText } from "./text.ts";

const ways = ["installation", "token"] as const;

/** Pushes to one device and shows the answer. `isFixed`: to this installation alone. */
export function TestPush({ installation, isFixed = false }: { installation: string; isFixed?: boolean }) {
  const text = useText(testText);
  const [way, setWay] = useState<(typeof ways)[number]>("installation");
  const [result, setResult] = useState<TestResult>();
  const needed = v.pipe(v.string(), v.trim(), v.minLength(1, text.missing));
  const optional = v.pipe(v.string(), v.trim());
  const rest = { profile: optional, alert: optional };
  const form = useForm({
    initial: { installation, vendor: "", token: "", profile: "", alert: "" },
    schema:
      way === "installation"
        ? v.object({ installation: needed, vendor: optional, token: optional, ...rest })
        : v.object({ installation: optional, vendor: needed, token: needed, ...rest }),
    onSubmit: async ({ installation: id, vendor, token, profile, alert }) => {
      setResult(undefined);
      const phone = { vendor, registrationId: token };
      const named = profile === "" ? phone : Object.assign({ deviceProfile: profile }, phone);
      const data = alert === "" ? undefined : { alert };
      setResult(await testPush(way === "installation" ? { installation: id } : named, data));
    },
  });
  const field = (name: "installation" | "vendor" | "token" | "profile" | "alert") => ({
    value: form.values[name],
    onChange: (value: string) => form.set(name, value),
    error: form.error(name),
  });
  return (
    <div class="stack push-narrow">
      <p class="faint">{text.explained}</p>
      <form class="stack" onSubmit={(event) => void form.submit(event)}>
        {!isFixed && (
          <SelectField
            label={text.device}
            value={way}
            options={ways.map((value) => ({ value, label: text.ways[value] }))}
            onChange={(chosen) => setWay(chosen)}
          />
        )}
        {!isFixed && way === "installation" && (
          <Field label={text.installation} code {...field("installation")} />
        )}
        {way === "token" && (
          <>
            <Field label={text.vendor} help={text.vendorHelp} {...field("vendor")} />
            <Field label={text.token} code {...field("token")} />
            <Field label={text.profile} optional {...field("profile")} />
          </>
        )}
        <Field label={text.alert} optional placeholder={text.own} {...field("alert")} />
        {form.problem && (
          <p class="bad" role="alert">
            {form.problem}
          </p>
        )}
        <div class="actions">
          <Button type="submit" look="main" icon="push" busy={form.busy}>
            {text.push}
          </Button>
        </div>
      </form>
      {result && <Result result={result} />}
    </div>
  );
}

const tones: Record<TestResult["outcome"], Tone> = {
  sent: "good",
  gone: "bad",
  failed: "bad",
  later: "warn",
};

function Result({ result: { outcome, provider, why, answers } }: { result: TestResult }) {
  const text = useText(testText);
  const { providers } = useText(pushText);
  return (
    <section class="stack push-result" aria-live="polite" aria-label={text.result}>
      <h3>
        {text.result} <Badge tone={tones[outcome]}>{text.outcomes[outcome]}</Badge>
      </h3>
      <p>{text.outcomeHelp[outcome]}</p>
      <Facts
        facts={[
          [text.provider, providers[provider] ?? provider],
          ...(why === undefined ? [] : [[text.why, <span key="why">{why}</span>] as const]),
        ]}
      />
      {answers.length === 0 ? (
        <p class="faint">{text.noAnswers}</p>
      ) : (
        <div class="stack">
          <h4>{text.raw}</h4>
          {answers.map(({ status, body }, index) => (
            <pre key={index}>
              <code>{`${status} ${body}`}</code>
            </pre>
          ))}
        </div>
      )}
      {outcome !== "sent" && <a href={pushPath("keys")}>{text.keys}</a>}
    </section>
  );
}
