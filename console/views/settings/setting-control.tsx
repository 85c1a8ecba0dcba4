import { Button } from "../../ui/button.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { useLanguage, useText } from "../../ui/language.ts";
import { Switch } from "../../ui/switch.tsx";
import type { SettingsEditor } from "./draft.ts";
import { choices, controlOf, holdsSecrets, rangeOf, type Setting, typedOf, valueAt } from "./setting.ts";
import { SettingValue } from "./setting-value.tsx";
import { settingsText } from "./text.ts";

interface ControlProps {
  setting: Setting;
  editor: SettingsEditor;
}

/** What a setting is edited with, by its kind. Its label is its path, for those who do not see the heading beside. */
export function SettingControl({ setting, editor }: ControlProps) {
  const text = useText(settingsText);
  const language = useLanguage();
  const { path, nullable } = setting;
  const value = valueAt(editor.values, path);
  const typed = editor.typed[path] ?? typedOf(setting, value);
  const found = editor.problems.get(path);
  const common = {
    label: path,
    value: typed,
    onChange: (next: string) => editor.type(path, next),
    error: found && text.problem(found),
  };
  switch (controlOf(setting)) {
    case "fixed":
      return <SettingValue value={value} />;
    case "switch":
      return (
        <Switch
          label={path}
          checked={typed === "true"}
          onChange={(isOn) => editor.type(path, String(isOn))}
        />
      );
    case "choice": {
      const options = choices(setting).map((each) => ({ value: each, label: each }));
      const none = nullable ? [{ value: "", label: text.notSet }] : [];
      return <SelectField {...common} options={[...none, ...options]} />;
    }
    case "number": {
      const range = rangeOf(setting)?.map((each) => each.toLocaleString(language));
      return <Field {...common} help={range && text.range(range[0] ?? "", range[1] ?? "")} />;
    }
    case "secret":
      return <SecretControl setting={setting} editor={editor} />;
    case "lines":
      return <TextArea {...common} rows={3} code help={text.oneEachLine} />;
    case "checks":
      return <Checks {...common} options={choices(setting)} />;
    case "json": {
      const secrets = setting.whole ? text.wholeSecrets : text.keptSecrets;
      const help = holdsSecrets(setting) ? secrets : undefined;
      return <TextArea {...common} rows={Math.min(14, typed.split("\n").length + 1)} code help={help} />;
    }
    case "line":
      return <Field {...common} placeholder={nullable ? text.notSet : ""} />;
  }
}

/** A secret goes in and never comes out: one types a new one, or removes it. */
function SecretControl({ setting: { path }, editor }: ControlProps) {
  const text = useText(settingsText);
  const isSet = valueAt(editor.values, path) !== null;
  const typed = editor.typed[path];
  const help = typed === "" ? text.secretGoes : isSet ? text.secretKept : text.secretNone;
  const found = editor.problems.get(path);
  return (
    <div class="stack">
      <Field
        label={path}
        type="password"
        autocomplete="new-password"
        value={typed ?? ""}
        onChange={(next) => editor.type(path, next === "" ? undefined : next)}
        help={help}
        error={found && text.problem(found)}
      />
      {isSet && typed === undefined && (
        <div class="actions">
          <Button look="quiet" onClick={() => editor.type(path, "")}>
            {text.removeSecret}
          </Button>
        </div>
      )}
    </div>
  );
}

interface ChecksProps {
  label: string;
  options: readonly string[];
  /** Those that are chosen, one on each line. */
  value: string;
  onChange(value: string): void;
}

function Checks({ label, options, value, onChange }: ChecksProps) {
  const chosen = value.split("\n");
  return (
    <fieldset class="checks" aria-label={label}>
      {options.map((option) => (
        <label key={option}>
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={(event) => {
              const isOn = event.currentTarget.checked;
              const rest = chosen.filter((each) => each !== option && each !== "");
              onChange((isOn ? [...rest, option] : rest).join("\n"));
            }}
          />{" "}
          <code>{option}</code>
        </label>
      ))}
    </fieldset>
  );
}
