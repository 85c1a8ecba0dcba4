package parley;

import cn.leancloud.core.AVOSCloud;
import cn.leancloud.im.AVIMOptions;
import cn.leancloud.im.v2.AVIMBinaryMessage;
import cn.leancloud.im.v2.AVIMClient;
import cn.leancloud.im.v2.AVIMClientOpenOption;
import cn.leancloud.im.v2.AVIMConversation;
import cn.leancloud.im.v2.AVIMConversationsQuery;
import cn.leancloud.im.v2.AVIMMessage;
import cn.leancloud.im.v2.AVIMMessageOption;
import cn.leancloud.im.v2.messages.AVIMTextMessage;
import cn.leancloud.session.AVConnectionManager;
import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A phone with an app on the official SDK: one process, one socket. Each line of its input is a command of the test,
 * as JSON; each line of its output an answer or an event. Started with the server's URL, app id and app key.
 */
public final class Phone {
  private final Report report;
  private final Messages messages = new Messages();

  private Phone(Report report) {
    this.report = report;
  }

  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    // The SDK prints too.
    System.setOut(System.err);
    Timers.removeWhenAnswered();
    AVOSCloud.initialize(args[1], args[2], args[0]);
    AVIMOptions.getGlobalOptions().setUnreadNotificationEnabled(true);
    // The cache needs a database of Android's.
    AVIMOptions.getGlobalOptions().setMessageQueryCacheEnabled(false);
    Phone phone = new Phone(new Report(out));
    Events.listen(phone.report, phone.messages);
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      phone.obey(JSON.parseObject(line));
    }
    // The SDK leaves threads behind.
    System.exit(0);
  }

  private void obey(JSONObject asked) {
    Replies replies = new Replies(report, messages, asked.getIntValue("id"));
    try {
      run(asked, replies);
    } catch (RuntimeException problem) {
      replies.fail(problem);
    }
  }

  private void run(JSONObject asked, Replies replies) {
    String name = asked.getString("do");
    switch (name) {
      case "connect":
        AVConnectionManager.getInstance().startConnection(replies.connected());
        return;
      default:
        if (Storage.run(name, asked, replies)) return;
        ofClient(name, AVIMClient.getInstance(asked.getString("client")), asked, replies);
    }
  }

  private void ofClient(String name, AVIMClient client, JSONObject asked, Replies replies) {
    switch (name) {
      case "open":
        if (asked.containsKey("tag")) AVIMClient.getInstance(client.getClientId(), asked.getString("tag"));
        AVIMClientOpenOption option = new AVIMClientOpenOption();
        option.setReconnect(asked.getBooleanValue("reconnect"));
        client.open(option, replies.client());
        return;
      case "close":
        client.close(replies.client());
        return;
      case "create":
        client.createConversation(strings(asked, "members"), asked.getString("name"),
            asked.getJSONObject("attributes"), false, asked.getBooleanValue("unique"), replies.created());
        return;
      case "createTemporary":
        client.createTemporaryConversation(strings(asked, "members"), asked.getIntValue("seconds"),
            replies.created());
        return;
      case "createRoom":
        client.createChatRoom(asked.getString("name"), null, replies.created());
        return;
      case "enter":
        AVIMConversation room = client.getChatRoom(asked.getString("conversation"));
        room.join(replies.about(room));
        return;
      case "subscribe":
        AVIMConversation service = client.getServiceConversation(asked.getString("conversation"));
        service.join(replies.about(service));
        return;
      case "online":
        client.getOnlineClients(strings(asked, "clients"), replies.online());
        return;
      case "find":
        find(client, asked).findInBackground(replies.conversations());
        return;
      default:
        ofConversation(name, client.getConversation(asked.getString("conversation")), asked, replies);
    }
  }

  private AVIMConversationsQuery find(AVIMClient client, JSONObject asked) {
    AVIMConversationsQuery query = client.getConversationsQuery();
    if (asked.containsKey("members")) query.containsMembers(strings(asked, "members"));
    if (asked.containsKey("named")) query.whereEqualTo("name", asked.getString("named"));
    if (asked.containsKey("starting")) query.whereStartsWith("name", asked.getString("starting"));
    if (asked.containsKey("ids")) query.whereContainsIn("objectId", strings(asked, "ids"));
    query.setWithLastMessagesRefreshed(asked.getBooleanValue("lastMessages"));
    query.limit(asked.containsKey("limit") ? asked.getIntValue("limit") : 10);
    return query;
  }

  private void ofConversation(String name, AVIMConversation conversation, JSONObject asked, Replies replies) {
    switch (name) {
      case "show":
        replies.answer(View.of(conversation));
        return;
      case "join":
        conversation.join(replies.about(conversation));
        return;
      case "quit":
        conversation.quit(replies.about(conversation));
        return;
      case "add":
        conversation.addMembers(strings(asked, "members"), replies.about(conversation));
        return;
      case "kick":
        conversation.kickMembers(strings(asked, "members"), replies.about(conversation));
        return;
      case "mute":
        conversation.mute(replies.about(conversation));
        return;
      case "unmute":
        conversation.unmute(replies.about(conversation));
        return;
      case "fetch":
        conversation.fetchInfoInBackground(replies.about(conversation));
        return;
      case "read":
        conversation.read();
        replies.answer(true);
        return;
      case "receipts":
        conversation.fetchReceiptTimestamps(replies.about(conversation));
        return;
      case "send":
        AVIMMessage message = written(asked);
        conversation.sendMessage(message, optionOf(asked), replies.sent(message));
        return;
      case "update":
        conversation.updateMessage(messages.find(asked.getString("message")), written(asked), replies.updated());
        return;
      case "recall":
        conversation.recallMessage(messages.find(asked.getString("message")), replies.recalled());
        return;
      case "history":
        history(conversation, asked, replies);
        return;
      default:
        new Permissions(conversation, asked, replies).run(name);
    }
  }

  private void history(AVIMConversation conversation, JSONObject asked, Replies replies) {
    int limit = asked.containsKey("limit") ? asked.getIntValue("limit") : 20;
    if (!asked.containsKey("before")) {
      conversation.queryMessagesFromServer(limit, replies.history());
      return;
    }
    AVIMMessage before = messages.find(asked.getString("before"));
    conversation.queryMessages(before.getMessageId(), before.getTimestamp(), limit, replies.history());
  }

  private static AVIMMessage written(JSONObject asked) {
    AVIMMessage message;
    if (asked.containsKey("text")) {
      AVIMTextMessage text = new AVIMTextMessage();
      text.setText(asked.getString("text"));
      if (asked.containsKey("attributes")) text.setAttrs(asked.getJSONObject("attributes"));
      message = text;
    } else if (asked.containsKey("file")) {
      message = FileMessages.written(asked.getJSONObject("file"));
    } else if (asked.containsKey("bytes")) {
      AVIMBinaryMessage binary = new AVIMBinaryMessage();
      binary.setBytes(asked.getBytes("bytes"));
      message = binary;
    } else {
      message = new AVIMMessage();
      message.setContent(asked.getString("content"));
    }
    if (asked.containsKey("mentions")) message.setMentionList(strings(asked, "mentions"));
    message.setMentionAll(asked.getBooleanValue("mentionAll"));
    return message;
  }

  private static AVIMMessageOption optionOf(JSONObject asked) {
    AVIMMessageOption option = new AVIMMessageOption();
    option.setReceipt(asked.getBooleanValue("receipt"));
    option.setTransient(asked.getBooleanValue("transient"));
    option.setWill(asked.getBooleanValue("will"));
    return option;
  }

  private static List<String> strings(JSONObject asked, String key) {
    return Arrays.asList(asked.getJSONArray(key).toArray(new String[0]));
  }
}
