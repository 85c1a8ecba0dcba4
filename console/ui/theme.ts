import { kept } from "./kept.ts";
import { createStore, useStore } from "./store.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const isTheme = (name: string): name is Theme => themes.some((theme) => theme === name);
const chosen = kept("theme", isTheme);
const current = createStore<Theme>(chosen.read() ?? "system");

/** The styles look at this attribute; without it they follow the system. */
function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
apply(current.get());

export function setTheme(theme: Theme): void {
  chosen.write(theme);
  apply(theme);
  current.set(theme);
}

export const useTheme = (): Theme => useStore(current);
