import { readSession } from "../../api/session.ts";
import { useAddress } from "../../ui/address.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { say } from "../../ui/toast.tsx";
import { AllSettings } from "./all-settings.tsx";
import { BanList } from "./ban-list.tsx";
import { useSettingsEditor } from "./draft.ts";
import { HookTab } from "./hook-tab.tsx";
import { SaveBar } from "./save-bar.tsx";
import { changeSettings } from "./settings-queries.ts";
import { Signing } from "./signing.tsx";
import { settingsText } from "./text.ts";
import { WordTab } from "./word-tab.tsx";

/** All that an owner sets. What is typed and not saved is one draft, whichever tab it was typed in. */
export default function SettingsPage() {
  const text = useText(settingsText);
  const address = useAddress();
  const query = useSettingsEditor();
  return (
    <Page
      title={text.title}
      actions={
        <>
          <ButtonLink href="/console/events?tab=audit">{text.audit}</ButtonLink>
          <SignOutEverywhere />
        </>
      }
    >
      <Answered query={query} lines={10}>
        {(editor) => (
          <>
            <Tabs
              label={text.parts}
              current={address.get("tab")}
              onChange={(tab) => address.set({ tab: tab === "all" ? "" : tab, setting: "" })}
              tabs={[
                { id: "all", label: text.tabs.all, render: () => <AllSettings editor={editor} /> },
                { id: "words", label: text.tabs.words, render: () => <WordTab editor={editor} /> },
                { id: "bans", label: text.tabs.bans, render: () => <BanList /> },
                { id: "hooks", label: text.tabs.hooks, render: () => <HookTab editor={editor} /> },
                { id: "signing", label: text.tabs.signing, render: () => <Signing editor={editor} /> },
              ]}
            />
            <SaveBar editor={editor} />
          </>
        )}
      </Answered>
    </Page>
  );
}

/** Ends all sessions of the console, this one too. */
function SignOutEverywhere() {
  const text = useText(settingsText);
  const signOut = async (): Promise<void> => {
    const question = { title: text.signOutTitle, text: text.signOutText, action: text.signOut };
    if (!(await confirm(question))) return;
    try {
      await changeSettings({ console: { signOutBefore: new Date().toISOString() } }, "*");
      say.done(text.signedOut);
      await readSession();
    } catch (error) {
      say.failed(error instanceof Error ? error.message : String(error));
    }
  };
  return <Button onClick={() => void signOut()}>{text.signOut}</Button>;
}
