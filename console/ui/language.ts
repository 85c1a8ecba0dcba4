import { kept } from "./kept.ts";
import { createStore, useStore } from "./store.ts";

export const languages = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof languages;

/** What a part of the console says, in each language. A key that one of them lacks is a type error. */
export type Texts<Text> = Record<Language, Text>;

/** Declares texts: those of the second language have the form of the first. */
export const texts = <Text extends object>(both: { en: Text; zh: NoInfer<Text> }): Texts<Text> => both;

const isLanguage = (name: string): name is Language => Object.hasOwn(languages, name);

const fromBrowser = (): Language => (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

const chosen = kept("language", isLanguage);
const current = createStore<Language>(chosen.read() ?? fromBrowser());
document.documentElement.lang = current.get();

export function setLanguage(language: Language): void {
  chosen.write(language);
  document.documentElement.lang = language;
  current.set(language);
}

export const useLanguage = (): Language => useStore(current);

/** The texts in the viewer's language. */
export const useText = <Text>(both: Texts<Text>): Text => both[useLanguage()];
