export * from "../../support/chat.ts";
