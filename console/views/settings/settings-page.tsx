import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { settingsText } from "./text.ts";

export default function SettingsPage() {
  const text = useText(settingsText);
  return (
    <Page title={text.title}>
      <Empty title={text.soon} />
    </Page>
  );
}
