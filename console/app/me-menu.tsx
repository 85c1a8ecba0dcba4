import { sessionState, signOut } from "../api/session.ts";
import { Icon } from "../ui/icon.tsx";
import { setLanguage, useLanguage, useText } from "../ui/language.ts";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { useStore } from "../ui/store.ts";
import { setTheme, themes, useTheme } from "../ui/theme.ts";
import { appText } from "./text.ts";

/** Who is signed in, the language, the colours, and the way out. */
export function MeMenu() {
  const text = useText(appText);
  const language = useLanguage();
  const theme = useTheme();
  const state = useStore(sessionState);
  const name = state.phase === "signed in" ? state.session.name : undefined;
  const items: MenuItem[] = [
    { id: "who", label: name ? text.signedInAs(name) : text.signedIn, disabled: true, onSelect: () => {} },
    ...themes.map((each): MenuItem => {
      const item = { id: `theme-${each}`, label: text.themes[each], onSelect: () => setTheme(each) };
      return each === theme ? Object.assign({ icon: "check" as const }, item) : item;
    }),
    { id: "language", label: text.language, onSelect: () => setLanguage(language === "en" ? "zh" : "en") },
    { id: "out", label: text.signOut, icon: "out", onSelect: () => void signOut() },
  ];
  return (
    <Menu label={text.me} items={items}>
      <Icon name="person" />
      {name && <span class="wide-only">{name}</span>}
    </Menu>
  );
}
