import { useAddress } from "../../ui/address.ts";
import { useText } from "../../ui/language.ts";
import { Page } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { usageText } from "./text.ts";
import { type Range, ranges, useUsage } from "./usage-queries.ts";
import { UsageReport } from "./usage-report.tsx";

const USUAL: Range = "30";

/** What the server used of all that Cloudflare bills, and what that costs. */
export default function UsagePage() {
  const text = useText(usageText);
  const address = useAddress();
  const range = ranges.find((each) => each === address.get("days")) ?? USUAL;
  return (
    <Page title={text.title}>
      <p class="faint">{text.help}</p>
      <Tabs
        label={text.range}
        tabs={ranges.map((id) => ({
          id,
          label: text.ranges[id],
          render: () => <UsageOf range={id} />,
        }))}
        current={range}
        onChange={(id) => address.set({ days: id === USUAL ? "" : id })}
      />
    </Page>
  );
}

function UsageOf({ range }: { range: Range }) {
  return (
    <Answered query={useUsage(range)} lines={8}>
      {(usage) => <UsageReport usage={usage} />}
    </Answered>
  );
}
