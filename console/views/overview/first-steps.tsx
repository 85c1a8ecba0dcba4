import { useQuery } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import * as v from "valibot";
import { sessionState } from "../../api/session.ts";
import { CopyButton } from "../../ui/copy.tsx";
import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import { useStore } from "../../ui/store.ts";
import { overviewText } from "./text.ts";

/** The app id of servers that are tried out. Their app key is public. */
const TRIED_OUT = "parley-dev";

/** What to do with a server that has nothing yet. */
export function FirstSteps() {
  const text = useText(overviewText);
  const state = useStore(sessionState);
  const appId = state.phase === "signed in" ? state.session.app_id : "APP_ID";
  const appKey = usePublicKey(appId) ?? "APP_KEY";
  const server = location.origin;
  return (
    <Section title={text.first}>
      <ol class="first-steps">
        <Step
          title={text.firstConnect}
          note={text.firstConnectText}
          code={`new Realtime({\n  appId: ${JSON.stringify(appId)},\n  appKey: ${JSON.stringify(appKey)},\n  server: ${JSON.stringify(server)},\n})`}
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

const demoConfig = v.object({ appKey: v.string() });

/** The app key, where the server gives it to anybody: with it, the line below can be run as it is. */
function usePublicKey(appId: string): string | undefined {
  const query = useQuery({
    queryKey: ["demo config"],
    queryFn: async ({ signal }) => {
      const response = await fetch("/demo/config", { signal });
      const parsed = v.safeParse(demoConfig, await response.json());
      return parsed.success ? parsed.output.appKey : null;
    },
    enabled: appId === TRIED_OUT,
  });
  return query.data ?? undefined;
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
