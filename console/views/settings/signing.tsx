import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import type { SettingsEditor } from "./draft.ts";
import { SettingRow } from "./setting-row.tsx";
import { settingsText } from "./text.ts";

/** The switches that ask clients for signatures, each with what happens to builds that send none. */
export function Signing({ editor }: { editor: SettingsEditor }) {
  const text = useText(settingsText);
  return (
    <Section title={text.tabs.signing} actions={<a href="/console/users?tab=signature">{text.tester}</a>}>
      <p>{text.signingHelp}</p>
      {editor.settings
        .filter(({ path }) => text.signingWarnings[path] !== undefined)
        .map((setting) => (
          <SettingRow
            key={setting.path}
            setting={setting}
            editor={editor}
            warning={text.signingWarnings[setting.path]}
          />
        ))}
    </Section>
  );
}
