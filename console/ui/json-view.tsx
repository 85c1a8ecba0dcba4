import { useMemo, useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy.tsx";
import { TextArea } from "./field.tsx";
import { isRecord, parseJson, tokensOf } from "./json.ts";
import { useText } from "./language.ts";
import { uiText } from "./text.ts";

/** Beyond this many characters, colours cost more than they help. */
const COLOURED = 50_000;

/** A value as printed JSON, in colours. */
export function JsonView({ value }: { value: unknown }) {
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? "undefined", [value]);
  const tokens = useMemo(() => (text.length > COLOURED ? [] : tokensOf(text)), [text]);
  return (
    <div class="json">
      <CopyButton text={text} />
      <pre>
        <code>
          {tokens.length === 0
            ? text
            : tokens.map(({ kind, text: piece }, index) => (
                <span key={index} class={`json-${kind}`}>
                  {piece}
                </span>
              ))}
        </code>
      </pre>
    </div>
  );
}

export interface JsonEditorProps {
  label: string;
  value: unknown;
  /** Saves it; a rejection's message is shown below the text. */
  onSave(value: Record<string, unknown>): Promise<unknown>;
  saveLabel?: string;
  onCancel?: () => void;
  rows?: number;
}

/** Edits an object as JSON: what is no JSON cannot be saved, and the place is named. */
export function JsonEditor({ label, value, onSave, saveLabel, onCancel, rows = 10 }: JsonEditorProps) {
  const text = useText(uiText);
  const [typed, setTyped] = useState(() => JSON.stringify(value, null, 2));
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const parsed = useMemo(() => parseJson(typed), [typed]);
  const object = parsed.isJson && isRecord(parsed.value) ? parsed.value : undefined;
  const invalid = parsed.isJson ? text.notObject : text.notJson(parsed.problem);
  const save = async (): Promise<void> => {
    if (object === undefined || state.busy) return;
    setState({ busy: true });
    try {
      await onSave(object);
      setState({ busy: false });
    } catch (error) {
      setState({ busy: false, problem: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextArea
        label={label}
        code
        rows={rows}
        value={typed}
        onChange={setTyped}
        onSubmit={() => void save()}
        error={object === undefined ? invalid : state.problem}
      />
      <div class="actions">
        {onCancel && <Button onClick={onCancel}>{text.cancel}</Button>}
        <Button type="submit" look="main" disabled={object === undefined} busy={state.busy}>
          {saveLabel ?? text.save}
        </Button>
      </div>
    </form>
  );
}
