import type { ComponentChildren } from "preact";
import { sessionState } from "../../api/session.ts";
import { CopyButton } from "../../ui/copy.tsx";
import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import { useStore } from "../../ui/store.ts";
import { overviewText } from "./text.ts";

/** What to do with a server that has nothing yet. */
export function FirstSteps() {
  const text = useText(overviewText);
  const state = useStore(sessionState);
  const appId = state.phase === "signed in" ? state.session.app_id : "APP_ID";
  const server = location.origin;
  return (
    <Section title={text.first}>
      <ol class="first-steps">
        <Step
          title={text.firstConnect}
          note={text.firstConnectText}
          code={`new Realtime({\n  appId: ${JSON.stringify(appId)},\n  appKey: "APP_KEY",\n  server: ${JSON.stringify(server)},\n})`}
        />
        <Step
          title={text.firstImport}
          note={text.firstImportText}
          code={`npm run import -- export-1 --server ${server}`}
        >
          <a href="/console/moving">{text.openMoving}</a>
        </Step>
        <Step title={text.firstDemo} note={text.firstDemoText} code="npm start -- --demo" />
      </ol>
    </Section>
  );
}

interface StepProps {
  title: string;
  note: string;
  code: string;
  children?: ComponentChildren;
}

function Step({ title, note, code, children }: StepProps) {
  return (
    <li>
      <h3>{title}</h3>
      <p class="faint">{note}</p>
      <div class="code-block">
        <pre>
          <code>{code}</code>
        </pre>
        <CopyButton text={code} />
      </div>
      {children}
    </li>
  );
}
