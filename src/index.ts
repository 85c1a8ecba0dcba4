import { connect } from "./gateway/connect.ts";
import { createApp } from "./http/app.ts";

export { AppObject } from "./app/app-object.ts";
export { ClientObject } from "./client/client-object.ts";
export { ConversationObject } from "./conversation/conversation-object.ts";

export default createApp({ connect });
