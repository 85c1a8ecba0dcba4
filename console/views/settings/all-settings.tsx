import { useAddress } from "../../ui/address.ts";
import { Field, SelectField } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { isDefault } from "./changes.ts";
import type { SettingsEditor } from "./draft.ts";
import { type Setting, valueAt } from "./setting.ts";
import { SettingRow, soughtIn } from "./setting-row.tsx";
import { settingsText } from "./text.ts";

const groupOf = ({ path }: Setting): string => path.slice(0, path.indexOf("."));

/** All settings by group, and a search. What is looked for stands in the address. */
export function AllSettings({ editor }: { editor: SettingsEditor }) {
  const text = useText(settingsText);
  const address = useAddress();
  const sought = address.get("q").toLowerCase().trim();
  const group = address.get("group");
  const isChangedOnly = address.get("show") === "changed";
  const named = address.get("setting");
  const groups = [...new Set(editor.settings.map(groupOf))];
  const shown = editor.settings.filter(
    (setting) =>
      (group === "" || groupOf(setting) === group) &&
      sought.split(/\s+/).every((word) => soughtIn(setting).includes(word)) &&
      (!isChangedOnly || !isDefault(setting, valueAt(editor.values, setting.path))),
  );
  const label = (name: string): string => text.groups[name] ?? name;
  return (
    <div class="stack">
      <search class="filters settings-filters">
        <Field
          label={text.search}
          type="search"
          placeholder={text.searchHint}
          value={address.get("q")}
          onChange={(q) => address.set({ q, setting: "" })}
        />
        <SelectField
          label={text.group}
          value={group}
          options={[
            { value: "", label: text.everyGroup },
            ...groups.map((each) => ({ value: each, label: label(each) })),
          ]}
          onChange={(chosen) => address.set({ group: chosen, setting: "" })}
        />
        <SelectField
          label={text.which}
          value={isChangedOnly ? "changed" : "all"}
          options={[
            { value: "all", label: text.shown.all },
            { value: "changed", label: text.shown.changed },
          ]}
          onChange={(chosen) => address.set({ show: chosen === "all" ? "" : chosen, setting: "" })}
        />
      </search>
      {shown.length === 0 && <Empty title={text.nothing}>{text.nothingHelp}</Empty>}
      {groups.map((each) => {
        const members = shown.filter((setting) => groupOf(setting) === each);
        if (members.length === 0) return null;
        return (
          <Section key={each} title={label(each)}>
            {members.map((setting) => (
              <SettingRow
                key={setting.path}
                setting={setting}
                editor={editor}
                isNamed={setting.path === named}
              />
            ))}
          </Section>
        );
      })}
    </div>
  );
}
