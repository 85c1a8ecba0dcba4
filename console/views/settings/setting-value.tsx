import { useText } from "../../ui/language.ts";
import { settingsText } from "./text.ts";

/** A value as it is, for reading: short ones in the line, others as printed JSON. */
export function SettingValue({ value }: { value: unknown }) {
  const text = useText(settingsText);
  if (value === null || value === undefined) return <span class="faint">{text.notSet}</span>;
  const short = JSON.stringify(value);
  if (short.length <= 60) return <code class="setting-value">{short}</code>;
  return (
    <pre class="setting-value">
      <code>{JSON.stringify(value, null, 2)}</code>
    </pre>
  );
}
