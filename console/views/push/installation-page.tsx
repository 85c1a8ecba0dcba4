import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useLocation, useRoute } from "preact-iso";
import { consolePath } from "../../ui/address.ts";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Id } from "../../ui/copy.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Page, Section } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { deviceOf, ValidBadge } from "./installation-list.tsx";
import { installationText } from "./installation-text.ts";
import { pushPath } from "./push-path.ts";
import { deleteInstallation, type InstallationRow, readInstallation } from "./push-queries.ts";
import { TestPush } from "./test-push.tsx";
import { pushText, reasonOf } from "./text.ts";

/** One device: what is known of it, a test push to it, and its deletion. */
export default function InstallationPage() {
  const text = useText(installationText);
  const { title, tabs, failed } = useText(pushText);
  const { params } = useRoute();
  const { route } = useLocation();
  const queries = useQueryClient();
  const id = params.id ?? "";
  const query = useQuery({
    queryKey: ["push", "installation", id],
    queryFn: ({ signal }) => readInstallation(id, signal),
  });
  const remove = async (): Promise<void> => {
    const question = { title: text.removeTitle, text: text.removeText, action: text.removeAction };
    if (!(await confirm(question))) return;
    try {
      await deleteInstallation(id);
      await queries.invalidateQueries({ queryKey: ["push", "installations"] });
      say.done(text.removed);
      route(pushPath("installations"));
    } catch (error) {
      say.failed(failed, reasonOf(error));
    }
  };
  return (
    <Page
      title={query.data === undefined ? id : deviceOf(query.data)}
      trail={[
        { label: title, href: "/console/push" },
        { label: tabs.installations, href: pushPath("installations") },
      ]}
      actions={query.data && <Button onClick={() => void remove()}>{text.remove}</Button>}
    >
      <Answered query={query}>
        {(row) => (
          <div class="columns">
            <Known row={row} />
            <div class="stack">
              <Section title={tabs.test}>
                <TestPush key={id} installation={id} isFixed />
              </Section>
              <Section title={text.everything}>
                <JsonView value={row} />
              </Section>
            </div>
          </div>
        )}
      </Answered>
    </Page>
  );
}

function Known({ row }: { row: InstallationRow }) {
  const text = useText(installationText);
  const { deviceToken, registrationId, installationId } = row;
  const ids: [string, string | undefined][] = [
    [text.token, deviceToken],
    [text.registration, registrationId],
    [text.installation, installationId],
  ];
  return (
    <Section title={text.facts}>
      <div class="stack">
        <Facts
          facts={[
            [text.id, <Id key="id">{row.objectId}</Id>],
            [text.state, <ValidBadge key="state" valid={row.valid} />],
            [text.channels, <Channels key="channels" names={row.channels} />],
            ...ids.flatMap(([name, value]) =>
              value === undefined ? [] : [[name, <Id key={name}>{value}</Id>] as const],
            ),
            [text.badge, row.badge],
            [text.created, <Time key="created" at={row.createdAt} />],
            [text.seen, <Time key="seen" at={row.updatedAt} />],
          ]}
        />
        {!row.valid && <p class="faint">{text.invalidHelp}</p>}
        {row.deviceType === "web" && <p class="faint">{text.hidden}</p>}
      </div>
    </Section>
  );
}

/** Channels are clients, or the app's own: a page of a client says when there is none. */
function Channels({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <>–</>;
  return (
    <ul class="push-channels">
      {names.map((name) => (
        <li key={name}>
          <a href={consolePath("users", name)}>{name}</a>
        </li>
      ))}
    </ul>
  );
}
