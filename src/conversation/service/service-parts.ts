import type { Delivery } from "../delivery/delivery.ts";
import type { PolicyChecks } from "../policy.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";
import { Announcements, type AnnouncementsHost } from "./announcements.ts";
import type { Answer, Asked, ServiceCall } from "./service-calls.ts";
import { ServiceCommands, type ServiceCommandsHost } from "./service-commands.ts";
import { ServiceRequests, type ServiceRequestsHost } from "./service-requests.ts";
import type { ServiceState } from "./service-state.ts";
import { Subscribing, type SubscribingHost } from "./subscribing.ts";

/** What a service conversation has beside what all have. */
export interface ServiceParts {
  state: ServiceState;
  subscribing: Subscribing;
  commands: ServiceCommands;
  requests: ServiceRequests;
  announcements: Announcements;
}

/** Gives the parts of a service to each other; undefined for a conversation of another kind. */
export function serviceParts(
  state: ConversationState,
  delivery: Delivery,
  policy: PolicyChecks,
  replier: Replier,
  host: ServiceCommandsHost & ServiceRequestsHost & SubscribingHost & AnnouncementsHost,
): ServiceParts | undefined {
  const { service } = state;
  if (service === undefined) return undefined;
  const subscribing = new Subscribing(state, service, delivery, host);
  const commands = new ServiceCommands(state, service, subscribing, delivery, policy, replier, host);
  const requests = new ServiceRequests(state, service, host);
  const announcements = new Announcements(state, service, host);
  return { state: service, subscribing, commands, requests, announcements };
}

type Answers = {
  [Name in ServiceCall]: (service: ServiceParts, asked: Asked<Name>) => Answer<Name> | Promise<Answer<Name>>;
};

const answers: Answers = {
  subscribe: ({ subscribing }, { clientId }) => subscribing.subscribe(clientId, undefined),
  unsubscribe: ({ subscribing }, { clientId }) => subscribing.unsubscribe(clientId),
  subscribers: ({ state }, { after, limit }) => state.subscribers.page(after, limit),
  importSubscribers: ({ subscribing }, { subscribers }) => subscribing.import(subscribers),
  subscriberCount: ({ state }) => state.subscribers.count,
  dialogue: ({ requests }, { clientId, request }) => requests.dialogue(clientId, request),
  audienceOf: ({ requests }, location) => requests.audienceOf(location),
  broadcasts: ({ requests }, page) => requests.broadcasts(page),
  deleteBroadcast: async ({ requests, announcements }, location) => {
    const refused = requests.deleteBroadcast(location);
    if (refused === undefined) await announcements.begin();
    return refused;
  },
  hideFrom: ({ requests }, { clientId, ...location }) => requests.hideFrom(clientId, location),
};

/** Carries out a call of the app's server. */
export async function answerCall<Name extends ServiceCall>(
  service: ServiceParts,
  name: Name,
  asked: Asked<Name>,
): Promise<Answer<Name>> {
  return answers[name](service, asked);
}
