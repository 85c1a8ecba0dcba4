import { useAddress } from "../../ui/address.ts";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { AuditLog } from "./audit-log.tsx";
import { EventLog } from "./event-log.tsx";
import { eventsText } from "./text.ts";

/** What happened, and who changed what. */
export default function EventsPage() {
  const text = useText(eventsText);
  const address = useAddress();
  return (
    <Page title={text.title}>
      <Tabs
        label={text.title}
        tabs={[
          { id: "log", label: text.log, render: () => <EventLog /> },
          { id: "audit", label: text.audit, render: () => <AuditLog /> },
        ]}
        current={address.get("tab") === "audit" ? "audit" : "log"}
        onChange={(tab) =>
          // What is open, and the other log's conditions, mean nothing here.
          address.set({ tab: tab === "log" ? "" : tab, open: "" })
        }
      />
    </Page>
  );
}
