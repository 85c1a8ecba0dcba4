import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { createStore, useStore } from "../../ui/store.ts";
import { type Change, changesOf, patchOf, type Typed } from "./changes.ts";
import type { Problem, Setting } from "./setting.ts";
import { changeSettings, readDescriptions, readSettings, type Version } from "./settings-queries.ts";

/** What was typed and not saved. It is kept while the viewer looks at other views. */
interface Draft {
  /** The settings that it is compared with: those when it began. */
  base: Version | undefined;
  typed: Typed;
}

const EMPTY: Draft = { base: undefined, typed: {} };
const draft = createStore<Draft>(EMPTY);
const KEY = ["settings"];

// A tab that is closed takes what was typed along.
addEventListener("beforeunload", (event) => {
  if (Object.keys(draft.get().typed).length > 0) event.preventDefault();
});

export interface SettingsEditor {
  settings: readonly Setting[];
  /** What is compared with: the settings as they were when the draft began. */
  values: unknown;
  typed: Typed;
  changes: readonly Change[];
  problems: ReadonlyMap<string, Problem>;
  /** Takes what was typed for a setting; undefined takes it back. */
  type(path: string, text: string | undefined): void;
  discard(): void;
  /** Saves the changes, unless somebody else changed the settings meanwhile: that throws an `ApiError` of status 412. */
  save(): Promise<void>;
  /** Compares the draft with the settings as they are now, and returns these and those before. */
  rebase(): Promise<{ before: unknown; after: unknown }>;
}

/** The settings, and what is typed for them. */
export function useSettingsEditor() {
  const queries = useQueryClient();
  const descriptions = useQuery({
    queryKey: ["settings", "description"],
    queryFn: ({ signal }) => readDescriptions(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const query = useQuery({ queryKey: KEY, queryFn: ({ signal }) => readSettings(signal) });
  const { base, typed } = useStore(draft);
  const version = base ?? query.data;
  if (descriptions.data === undefined || version === undefined) {
    const failed = descriptions.error === null ? query : descriptions;
    return { data: undefined, error: failed.error, isPending: true, refetch: () => failed.refetch() };
  }
  const settings = descriptions.data;
  const { changes, problems } = changesOf(settings, version.values, typed);
  const editor: SettingsEditor = {
    settings,
    values: version.values,
    typed,
    changes,
    problems,
    type: (path, text) => {
      const former = draft.get();
      const { [path]: _, ...rest } = former.typed;
      const next = text === undefined ? rest : Object.assign(rest, { [path]: text });
      const found = changesOf(settings, version.values, next);
      const isNothing = found.changes.length === 0 && found.problems.size === 0;
      // What is typed as it was stays as it was typed: a form does not jump below the hand.
      if (isNothing && text === undefined) draft.set(EMPTY);
      else draft.set({ base: former.base ?? version, typed: next });
    },
    discard: () => draft.set(EMPTY),
    save: async () => {
      const saved = await changeSettings(patchOf(changes), version.tag);
      queries.setQueryData(KEY, saved);
      draft.set(EMPTY);
      await queries.invalidateQueries({ queryKey: ["audit"] });
    },
    rebase: async () => {
      const now = await readSettings();
      queries.setQueryData(KEY, now);
      draft.set({ base: now, typed: draft.get().typed });
      return { before: version.values, after: now.values };
    },
  };
  return { data: editor, error: null, isPending: false, refetch: () => query.refetch() };
}
