import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import type { SettingsEditor } from "./draft.ts";
import { HookTest } from "./hook-test.tsx";
import { SettingRow } from "./setting-row.tsx";
import { hookTargets } from "./settings-queries.ts";
import { settingsText } from "./text.ts";

/** A test of hooks and webhooks, and their settings. */
export function HookTab({ editor }: { editor: SettingsEditor }) {
  const text = useText(settingsText);
  return (
    <div class="stack">
      <HookTest editor={editor} />
      {hookTargets.map((target) => (
        <Section key={target} title={text.groups[target] ?? target}>
          {editor.settings
            .filter(({ path }) => path.startsWith(`${target}.`))
            .map((setting) => (
              <SettingRow key={setting.path} setting={setting} editor={editor} />
            ))}
        </Section>
      ))}
    </div>
  );
}
