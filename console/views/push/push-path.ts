/** The start of the view at one of its tabs, with what is filled in there: `/console/push?tab=why&client=Jerry`. */
export function pushPath(tab: string, parameters: Record<string, string> = {}): string {
  const filled = Object.entries(parameters).filter(([, value]) => value !== "");
  return `/console/push?${new URLSearchParams([["tab", tab], ...filled])}`;
}

/** Where a setting is seen and changed, such as `push.fcm`. */
export const settingPath = (setting: string): string =>
  `/console/settings?${new URLSearchParams({ q: setting })}`;
