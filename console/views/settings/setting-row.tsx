import { useEffect, useRef } from "preact/hooks";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { useLanguage, useText } from "../../ui/language.ts";
import { isDefault } from "./changes.ts";
import { chinese } from "./chinese.ts";
import type { SettingsEditor } from "./draft.ts";
import { controlOf, type Setting, typedOf, valueAt } from "./setting.ts";
import { SettingControl } from "./setting-control.tsx";
import { SettingValue } from "./setting-value.tsx";
import { settingsText } from "./text.ts";

interface RowProps {
  setting: Setting;
  editor: SettingsEditor;
  /** The address names this one: it is scrolled to. */
  isNamed?: boolean;
  /** What to know before it is changed. */
  warning?: string | undefined;
}

export const settingHref = (path: string): string => `/console/settings?setting=${encodeURIComponent(path)}`;

/** Where something that a setting does not take by itself is changed. */
const elsewhere: Record<string, { href: string; label: "toPushKeys" | "toWords" }> = {
  "push.apns.keys": { href: "/console/push?tab=keys", label: "toPushKeys" },
  "keywords.version": { href: "/console/settings?tab=words", label: "toWords" },
};

/** One setting: what it does, its value, its default. */
export function SettingRow({ setting, editor, isNamed = false, warning }: RowProps) {
  const text = useText(settingsText);
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isNamed) row.current?.scrollIntoView({ block: "center" });
  }, [isNamed]);
  const { path } = setting;
  const value = valueAt(editor.values, path);
  const link = elsewhere[path];
  const isEdited = editor.problems.has(path) || editor.changes.some((change) => change.setting.path === path);
  const isFixed = controlOf(setting) === "fixed";
  const canReset = !isFixed && !isEdited && !setting.secret && !isDefault(setting, value);
  return (
    <div ref={row} class={`setting ${isNamed ? "named" : ""}`} id={path}>
      <div class="setting-about">
        <h3>
          <a href={settingHref(path)}>{path}</a>
        </h3>
        {isEdited && <Badge tone="warn">{text.unsaved}</Badge>}
        {!isDefault(setting, value) && <Badge tone="info">{text.changed}</Badge>}
        {isFixed && <Badge>{text.fixed}</Badge>}
        <p>
          <Sentence setting={setting} />
        </p>
        {warning !== undefined && <p class="setting-warning">{warning}</p>}
        <p class="faint setting-default">
          {text.default}: <SettingValue value={setting.default} />
        </p>
        {link && <a href={link.href}>{text[link.label]}</a>}
      </div>
      <div class="setting-control">
        <SettingControl setting={setting} editor={editor} />
        {(isEdited || canReset) && (
          <div class="actions">
            {isEdited && (
              <Button look="quiet" onClick={() => editor.type(path, undefined)}>
                {text.takeBack}
              </Button>
            )}
            {canReset && (
              <Button look="quiet" onClick={() => editor.type(path, typedOf(setting, setting.default))}>
                {text.reset}
              </Button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}

/** What it does, in the viewer's language if there is a sentence; names within backquotes are code. */
function Sentence({ setting: { path, description } }: { setting: Setting }) {
  const language = useLanguage();
  const sentence = language === "zh" ? (chinese[path] ?? description) : description;
  return (
    <>
      {sentence
        .split("`")
        .map((piece, index) => (index % 2 === 1 ? <code key={index}>{piece}</code> : piece))}
    </>
  );
}

/** What is looked for in a setting: its path, and what it does in both languages. */
export const soughtIn = ({ path, description }: Setting): string =>
  `${path} ${description} ${chinese[path] ?? ""}`.toLowerCase();
