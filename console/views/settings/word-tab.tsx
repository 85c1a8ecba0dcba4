import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
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
import { readWords, removeWords, saveWords } from "./settings-queries.ts";
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
          {(words) => <WordEditor key={words} words={words} />}
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

function WordEditor({ words }: { words: string | null }) {
  const text = useText(toolText);
  const queries = useQueryClient();
  const [typed, setTyped] = useState(words ?? "");
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const before = linesOf(words ?? "");
  const after = linesOf(typed);
  const added = countNew(after, before);
  const removed = countNew(before, after);
  const attempt = async (change: () => Promise<string>): Promise<void> => {
    setState({ busy: true });
    try {
      say.done(await change());
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
  const remove = async (): Promise<void> => {
    const question = { title: text.removeWordsTitle, text: text.removeWordsText, action: text.removeWords };
    if (!(await confirm(question))) return;
    await attempt(async () => {
      await removeWords();
      return text.removed;
    });
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(async () => text.savedWords((await saveWords(typed)).words));
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
