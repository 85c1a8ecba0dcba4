import { useLocation } from "preact-iso";
import { useAddress } from "../../ui/address.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { InstallationList } from "./installation-list.tsx";
import { KeyList } from "./key-list.tsx";
import { NotificationList } from "./notification-list.tsx";
import { pushPath } from "./push-path.ts";
import { ScheduledList } from "./scheduled-list.tsx";
import { TestPush } from "./test-push.tsx";
import { pushText } from "./text.ts";
import { WhyNot } from "./why-not.tsx";

/** Push: what was sent, to which devices, by which keys, and why something was not. */
export default function PushPage() {
  const text = useText(pushText);
  const address = useAddress();
  const { route } = useLocation();
  return (
    <Page
      title={text.title}
      actions={
        <ButtonLink href="/console/push/new" look="main">
          {text.send}
        </ButtonLink>
      }
    >
      <Tabs
        label={text.tabsOf}
        current={address.get("tab")}
        onChange={(tab) => route(pushPath(tab))}
        tabs={[
          { id: "notifications", label: text.tabs.notifications, render: () => <NotificationList /> },
          { id: "scheduled", label: text.tabs.scheduled, render: () => <ScheduledList /> },
          { id: "installations", label: text.tabs.installations, render: () => <InstallationList /> },
          { id: "keys", label: text.tabs.keys, render: () => <KeyList /> },
          { id: "test", label: text.tabs.test, render: () => <TestTab /> },
          { id: "why", label: text.tabs.why, render: () => <WhyNot /> },
        ]}
      />
    </Page>
  );
}

function TestTab() {
  return <TestPush installation={useAddress().get("installation")} />;
}
