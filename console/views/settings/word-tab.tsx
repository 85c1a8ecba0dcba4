import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { ApiError } from "../../api/api-error.ts";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { TextArea } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { say } from "../../ui/toast.tsx";
import type { SettingsEditor } from "./draft.ts";
import { countNew, linesOf } from "./lines.ts";
import { SettingRow } from "./setting-row.tsx";
import { readWords, removeWords, saveWords, type WordsVersion } from "./settings-queries.ts";
import { toolText } from "./tool-text.ts";

const KEY = ["keywords"];

/** The keyword filter: its words, and the setting that widens it. */
export function WordTab({ editor }: { editor: SettingsEditor }) {
  const text = useText(toolText);
  const query = useQuery({ queryKey: KEY, queryFn: ({ signal }) => readWords(signal) });
  const oneToOne = editor.settings.find(({ path }) => path === "keywords.oneToOne");
  return (
    <div class="stack">
      <Section title={text.wordsTitle}>
        <Answered query={query} lines={6}>
          {(version) => <WordEditor key={version.tag} {...version} />}
        </Answered>
      </Section>
      {oneToOne && (
        <section class="card">
          <SettingRow setting={oneToOne} editor={editor} />
        </section>
      )}
    </div>
  );
}

function WordEditor({ words, tag }: WordsVersion) {
  const text = useText(toolText);
  const queries = useQueryClient();
  const [typed, setTyped] = useState(words ?? "");
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const before = linesOf(words ?? "");
  const after = linesOf(typed);
  const added = countNew(after, before);
  const removed = countNew(before, after);
  const attempt = async (change: (tag: string) => Promise<string>): Promise<void> => {
    setState({ busy: true });
    try {
      const said = await changed(change);
      if (said === undefined) return setState({ busy: false, problem: text.wordsConflict });
      say.done(said);
      setState({ busy: false });
      // The settings have the version of the list.
      await Promise.all([
        queries.invalidateQueries({ queryKey: KEY }),
        queries.invalidateQueries({ queryKey: ["settings"], exact: true }),
      ]);
    } catch (error) {
      setState({ busy: false, problem: error instanceof Error ? error.message : String(error) });
    }
  };
  /** Undefined if somebody else changed the list, and the viewer does not want to replace theirs. */
  const changed = async (change: (tag: string) => Promise<string>): Promise<string | undefined> => {
    try {
      return await change(tag);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 412)) throw error;
      const question = { title: text.wordsConflict, text: text.wordsConflictText, action: text.replaceWords };
      return (await confirm(question)) ? change("*") : undefined;
    }
  };
  const remove = async (): Promise<void> => {
    const question = { title: text.removeWordsTitle, text: text.removeWordsText, action: text.removeWords };
    if (!(await confirm(question))) return;
    await attempt(async (tag) => {
      await removeWords(tag);
      return text.removed;
    });
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(async (tag) => text.savedWords((await saveWords(typed, tag)).words));
      }}
    >
      {words === null && <p class="faint">{text.noWords}</p>}
      <TextArea
        label={text.words}
        help={text.wordsHelp}
        rows={12}
        code
        value={typed}
        onChange={setTyped}
        error={state.problem}
      />
      <div class="actions">
        <span class="faint">
          {text.count(after.length)}
          {added + removed > 0 && `: ${text.difference(added, removed)}`}
        </span>
        {words !== null && (
          <Button onClick={() => void remove()} disabled={state.busy}>
            {text.removeWords}
          </Button>
        )}
        <Button
          type="submit"
          look="main"
          busy={state.busy}
          disabled={added + removed === 0 || after.length === 0}
        >
          {text.saveWords}
        </Button>
      </div>
    </form>
  );
}
