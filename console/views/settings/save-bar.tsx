import { useState } from "preact/hooks";
import { ApiError } from "../../api/api-error.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { useText } from "../../ui/language.ts";
import { say } from "../../ui/toast.tsx";
import { type Change, differencesOf } from "./changes.ts";
import type { SettingsEditor } from "./draft.ts";
import { SettingValue } from "./setting-value.tsx";
import { settingsText } from "./text.ts";

/** How many changes are not saved, and the way to save them, while there are any. */
export function SaveBar({ editor }: { editor: SettingsEditor }) {
  const text = useText(settingsText);
  const [isOpen, setOpen] = useState(false);
  const { changes, problems } = editor;
  return (
    <>
      {(changes.length > 0 || problems.size > 0) && (
        <section class="save-bar" aria-label={text.bar}>
          <strong>{text.changes(changes.length)}</strong>
          {problems.size > 0 && <span class="bad">{text.problems(problems.size)}</span>}
          <div class="actions">
            <Button onClick={editor.discard}>{text.discard}</Button>
            <Button
              look="main"
              disabled={problems.size > 0 || changes.length === 0}
              onClick={() => setOpen(true)}
            >
              {text.review}
            </Button>
          </div>
        </section>
      )}
      {isOpen && <Review editor={editor} onClose={() => setOpen(false)} />}
    </>
  );
}

/** What the last attempt to save met. */
type Attempt =
  | { state: "ready" }
  | { state: "saving" }
  | { state: "refused"; why: string }
  /** Somebody else was first, with these changes. */
  | { state: "conflict"; theirs: Change[] };

function Review({ editor, onClose }: { editor: SettingsEditor; onClose(): void }) {
  const text = useText(settingsText);
  const [attempt, setAttempt] = useState<Attempt>({ state: "ready" });
  const save = async (): Promise<void> => {
    setAttempt({ state: "saving" });
    try {
      await editor.save();
      say.done(text.saved);
      onClose();
    } catch (error) {
      setAttempt(await whatItMet(error, editor));
    }
  };
  const theirs = attempt.state === "conflict" ? attempt.theirs : undefined;
  const close = (): void => {
    // The others made the same changes.
    if (editor.changes.length === 0) editor.discard();
    onClose();
  };
  return (
    <Dialog
      open
      wide
      title={theirs ? text.conflictTitle : text.reviewTitle}
      description={theirs ? text.conflict : text.reviewHelp}
      onClose={close}
    >
      <div class="stack">
        {theirs && (
          <>
            <h3>{text.theirs}</h3>
            <ChangeTable changes={theirs} />
            <h3>{text.mine}</h3>
          </>
        )}
        {editor.changes.length === 0 ? (
          <p>{text.nothingLeft}</p>
        ) : (
          <ChangeTable changes={editor.changes} others={theirs} />
        )}
        {attempt.state === "refused" && (
          <p class="bad" role="alert">
            {attempt.why}
          </p>
        )}
        <footer class="actions">
          <Button onClick={close}>{text.back}</Button>
          {editor.changes.length > 0 && (
            <Button look="main" busy={attempt.state === "saving"} onClick={() => void save()}>
              {theirs ? text.saveAnyway : text.save}
            </Button>
          )}
        </footer>
      </div>
    </Dialog>
  );
}

async function whatItMet(error: unknown, editor: SettingsEditor): Promise<Attempt> {
  const why = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError) || error.status !== 412) return { state: "refused", why };
  try {
    const { before, after } = await editor.rebase();
    return { state: "conflict", theirs: differencesOf(editor.settings, before, after) };
  } catch {
    return { state: "refused", why };
  }
}

interface TableProps {
  changes: readonly Change[];
  /** What others changed meanwhile, to mark what both did. */
  others?: readonly Change[] | undefined;
}

/** Settings with the value before and after. */
function ChangeTable({ changes, others = [] }: TableProps) {
  const text = useText(settingsText);
  return (
    <ul class="change-list">
      {changes.map(({ setting, before, after }) => (
        <li key={setting.path}>
          <strong>
            <code>{setting.path}</code>
          </strong>
          {others.some((other) => other.setting.path === setting.path) && (
            <Badge tone="warn">{text.bothChanged}</Badge>
          )}
          <div class="change-values">
            <div class="before">
              <small class="faint">{text.before}</small>
              <ShownValue value={before} isSecret={setting.secret} />
            </div>
            <div class="after">
              <small class="faint">{text.after}</small>
              <ShownValue value={after} isSecret={setting.secret} />
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}

function ShownValue({ value, isSecret }: { value: unknown; isSecret: boolean }) {
  return <SettingValue value={isSecret && value !== null ? "***" : value} />;
}
