import type { Settings } from "./schema.ts";
import { usersAt } from "./user-settings.ts";

/** A setting that an owner may want on before strangers can reach the server, and that is off. */
export interface SwitchOff {
  /** The setting's path, or both paths if two settings have the same purpose. */
  setting: string;
  /** The actions that strangers may take while it is off. */
  allows: string;
}

/** Which switches of docs/security.md's first table are off, in its order. */
export function switchesOff(settings: Settings): SwitchOff[] {
  const { security, limits, users } = settings;
  const off: (SwitchOff & { isOn: boolean })[] = [
    {
      setting: "security.signLogin or security.jwt",
      allows: "log in under any client id",
      isOn: security.signLogin || security.jwt !== null,
    },
    {
      setting: "security.join or security.signConversation",
      allows: "join any conversation whose id they know, and add anybody",
      isOn: security.signConversation || security.join !== "anyone",
    },
    {
      setting: "security.removeOthers or security.signConversation",
      allows: "remove anybody from a conversation that they have joined",
      isOn: security.signConversation || security.removeOthers !== "members",
    },
    {
      setting: "security.historyFrom",
      allows: "read what was said before they joined",
      isOn: security.signConversation || security.join !== "anyone" || security.historyFrom === "joining",
    },
    {
      setting: "security.findOthers",
      allows: "list conversations that they are not in, by any condition",
      isOn: security.findOthers !== "anyone",
    },
    {
      setting: "security.showMembers",
      allows: "read who is in a conversation whose id they know",
      isOn: !security.showMembers,
    },
    {
      setting: "users.thirdParty",
      allows: "log in as users whose ids on other platforms they know",
      isOn: usersAt(users) !== "here" || !users.thirdParty,
    },
    {
      setting: "security.origins",
      allows: "connect from any web page",
      isOn: security.origins.length > 0,
    },
    {
      setting: "security.masterSignMinutes",
      allows: "use a signature with the master key for ever, once seen",
      isOn: security.masterSignMinutes > 0,
    },
    ...(["sendsPerMinute", "historyQueriesPerMinute", "otherCommandsPerMinute"] as const).map((name) => ({
      setting: `limits.${name}`,
      allows: "send commands without end",
      isOn: limits[name] > 0,
    })),
  ];
  return off.filter(({ isOn }) => !isOn).map(({ setting, allows }) => ({ setting, allows }));
}
