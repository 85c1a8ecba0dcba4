import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { sessionState } from "../api/session.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { useText } from "../ui/language.ts";
import { useStore } from "../ui/store.ts";
import { MeMenu } from "./me-menu.tsx";
import { appText } from "./text.ts";
import { viewAt, views } from "./views.ts";

/** What stands around every view: the navigation, the viewer's menu, the way past both for keyboards. */
export function Frame({ children }: { children: ComponentChildren }) {
  const text = useText(appText);
  const { path } = useLocation();
  const current = viewAt(path);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  return (
    <div class="frame">
      <a class="skip" href="#content">
        {text.skip}
      </a>
      <header class="top">
        <span class="phone-only">
          <IconButton
            icon={isOpen ? "close" : "menu"}
            label={text.openNavigation}
            onClick={() => setOpen(!isOpen)}
          />
        </span>
        <a class="brand" href="/console">
          Parley
        </a>
        <AppId />
        <MeMenu />
      </header>
      <nav
        class={`side ${isOpen ? "open" : ""}`}
        aria-label={text.navigation}
        onKeyDown={(event) => {
          if (event.key === "Escape") setOpen(false);
        }}
      >
        <ul>
          {views.map(({ noun, path: href, preload }) => (
            <li key={noun}>
              <a
                href={href}
                aria-current={current?.noun === noun ? "page" : undefined}
                onPointerEnter={preload}
              >
                <Icon name={noun} />
                {text.views[noun]}
              </a>
            </li>
          ))}
        </ul>
        <a class="side-foot" href="/docs" target="_blank" rel="noopener">
          <Icon name="link" />
          {text.docs}
        </a>
      </nav>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** Which app this is: owners of several have several tabs open. */
function AppId() {
  const state = useStore(sessionState);
  if (state.phase !== "signed in" && state.phase !== "ended") return null;
  return <code class="app-id">{state.session?.app_id}</code>;
}
