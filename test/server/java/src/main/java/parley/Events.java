package parley;

import cn.leancloud.im.v2.AVIMClient;
import cn.leancloud.im.v2.AVIMClientEventHandler;
import cn.leancloud.im.v2.AVIMConversation;
import cn.leancloud.im.v2.AVIMConversationEventHandler;
import cn.leancloud.im.v2.AVIMMessage;
import cn.leancloud.im.v2.AVIMMessageHandler;
import cn.leancloud.im.v2.AVIMMessageManager;
import cn.leancloud.im.v2.conversation.AVIMConversationMemberInfo;
import com.alibaba.fastjson.JSONObject;
import java.util.Arrays;
import java.util.List;

/** Reports every event that the SDK passes to its handlers. */
final class Events {
  private final Report report;
  private final Messages messages;

  private Events(Report report, Messages messages) {
    this.report = report;
    this.messages = messages;
  }

  static void listen(Report report, Messages messages) {
    Events events = new Events(report, messages);
    AVIMClient.setClientEventHandler(events.new OfClients());
    AVIMMessageManager.setConversationEventHandler(events.new OfConversations());
    AVIMMessageManager.registerDefaultMessageHandler(events.new OfMessages());
  }

  private void tell(String name, AVIMClient client, JSONObject details) {
    report.event(name, client.getClientId(), details);
  }

  private void tell(String name, AVIMClient client, AVIMConversation conversation, AVIMMessage message) {
    messages.keep(message);
    JSONObject details = View.of(message);
    details.put("conversation", conversation.getConversationId());
    tell(name, client, details);
  }

  private void tell(String name, AVIMClient client, AVIMConversation conversation, List<String> who, String by) {
    JSONObject details = new JSONObject();
    details.put("conversation", conversation.getConversationId());
    details.put("who", who);
    details.put("by", by);
    tell(name, client, details);
  }

  private final class OfClients extends AVIMClientEventHandler {
    @Override
    public void onConnectionPaused(AVIMClient client) {
      tell("paused", client, new JSONObject());
    }

    @Override
    public void onConnectionResume(AVIMClient client) {
      tell("resumed", client, new JSONObject());
    }

    @Override
    public void onClientOffline(AVIMClient client, int code) {
      JSONObject details = new JSONObject();
      details.put("code", code);
      tell("offline", client, details);
    }
  }

  private final class OfMessages extends AVIMMessageHandler {
    @Override
    public void onMessage(AVIMMessage message, AVIMConversation conversation, AVIMClient client) {
      tell("message", client, conversation, message);
    }

    @Override
    public void onMessageReceipt(AVIMMessage message, AVIMConversation conversation, AVIMClient client) {
      tell("receipt", client, conversation, message);
    }
  }

  private final class OfConversations extends AVIMConversationEventHandler {
    @Override
    public void onInvited(AVIMClient client, AVIMConversation conversation, String by) {
      tell("invited", client, conversation, null, by);
    }

    @Override
    public void onKicked(AVIMClient client, AVIMConversation conversation, String by) {
      tell("kicked", client, conversation, null, by);
    }

    @Override
    public void onMemberJoined(AVIMClient client, AVIMConversation conversation, List<String> who, String by) {
      tell("joined", client, conversation, who, by);
    }

    @Override
    public void onMemberLeft(AVIMClient client, AVIMConversation conversation, List<String> who, String by) {
      tell("left", client, conversation, who, by);
    }

    @Override
    public void onMuted(AVIMClient client, AVIMConversation conversation, String by) {
      tell("silenced", client, conversation, null, by);
    }

    @Override
    public void onUnmuted(AVIMClient client, AVIMConversation conversation, String by) {
      tell("unsilenced", client, conversation, null, by);
    }

    @Override
    public void onMemberMuted(AVIMClient client, AVIMConversation conversation, List<String> who, String by) {
      tell("membersSilenced", client, conversation, who, by);
    }

    @Override
    public void onBlocked(AVIMClient client, AVIMConversation conversation, String by) {
      tell("blocked", client, conversation, null, by);
    }

    @Override
    public void onUnblocked(AVIMClient client, AVIMConversation conversation, String by) {
      tell("unblocked", client, conversation, null, by);
    }

    @Override
    public void onMemberBlocked(AVIMClient client, AVIMConversation conversation, List<String> who, String by) {
      tell("membersBlocked", client, conversation, who, by);
    }

    @Override
    public void onMemberInfoUpdated(
        AVIMClient client,
        AVIMConversation conversation,
        AVIMConversationMemberInfo info,
        List<String> changed,
        String by) {
      tell("role", client, conversation, Arrays.asList(info.getMemberId(), info.getRole().toString()), by);
    }

    @Override
    public void onUnreadMessagesCountUpdated(AVIMClient client, AVIMConversation conversation) {
      tell("unread", client, View.of(conversation));
    }

    @Override
    public void onLastDeliveredAtUpdated(AVIMClient client, AVIMConversation conversation) {
      tell("delivered", client, View.of(conversation));
    }

    @Override
    public void onLastReadAtUpdated(AVIMClient client, AVIMConversation conversation) {
      tell("read", client, View.of(conversation));
    }

    @Override
    public void onInfoChanged(AVIMClient client, AVIMConversation conversation, JSONObject attributes, String by) {
      JSONObject details = new JSONObject();
      details.put("conversation", conversation.getConversationId());
      details.put("attributes", attributes);
      details.put("by", by);
      tell("changed", client, details);
    }

    @Override
    public void onMessageUpdated(AVIMClient client, AVIMConversation conversation, AVIMMessage message) {
      tell("updated", client, conversation, message);
    }

    @Override
    public void onMessageRecalled(AVIMClient client, AVIMConversation conversation, AVIMMessage message) {
      tell("recalled", client, conversation, message);
    }
  }
}
