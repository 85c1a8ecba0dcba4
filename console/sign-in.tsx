import { render } from "preact";
import { readSession, sessionState } from "./api/session.ts";
import { SignInForm, signInText } from "./parts/sign-in-form.tsx";
import { languages, setLanguage, useLanguage, useText } from "./ui/language.ts";
import { useTheme } from "./ui/theme.ts";

/** The page without a session. What is asked for stands in the address, so a reload leads there. */
function SignInPage() {
  const text = useText(signInText);
  const language = useLanguage();
  useTheme();
  document.title = `${text.title} · Parley`;
  return (
    <main class="sign-in-page">
      <section class="card">
        <h1 class="brand">Parley</h1>
        <p class="faint">{text.lead}</p>
        <SignInForm onSignedIn={() => location.reload()} />
      </section>
      <p class="languages">
        {Object.entries(languages).map(([id, name]) => (
          <button
            key={id}
            type="button"
            class="button quiet"
            lang={id}
            aria-pressed={id === language}
            onClick={() => setLanguage(id === "zh" ? "zh" : "en")}
          >
            {name}
          </button>
        ))}
      </p>
    </main>
  );
}

/**
 * A link on another site brings no cookie, so somebody who is signed in lands here all the same. A reload brings it; once
 * only, since a browser that keeps cookies from the page would reload for ever.
 */
async function leaveIfSignedIn(): Promise<void> {
  const [navigation] = performance.getEntriesByType("navigation");
  if (navigation instanceof PerformanceNavigationTiming && navigation.type === "reload") return;
  await readSession();
  if (sessionState.get().phase === "signed in") location.reload();
}
void leaveIfSignedIn();

const place = document.getElementById("app");
if (place !== null) render(<SignInPage />, place);
