import { useAddress } from "../../ui/address.ts";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { AccountList } from "./account-list.tsx";
import { ClientList } from "./client-list.tsx";
import { SignatureTester } from "./signature-tester.tsx";
import { usersText } from "./text.ts";

/** Clients, the accounts that live here, and the tester of signatures. */
export default function UsersPage() {
  const text = useText(usersText);
  const address = useAddress();
  return (
    <Page title={text.title}>
      <Tabs
        label={text.title}
        current={address.get("tab")}
        onChange={(tab) => address.set({ tab: tab === "clients" ? "" : tab, q: "" })}
        tabs={[
          { id: "clients", label: text.tabs.clients, render: () => <ClientList /> },
          { id: "accounts", label: text.tabs.accounts, render: () => <AccountList /> },
          { id: "signature", label: text.tabs.signature, render: () => <SignatureTester /> },
        ]}
      />
    </Page>
  );
}
