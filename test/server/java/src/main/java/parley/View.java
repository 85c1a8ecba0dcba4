package parley;

import cn.leancloud.im.v2.AVIMBinaryMessage;
import cn.leancloud.im.v2.AVIMConversation;
import cn.leancloud.im.v2.AVIMMessage;
import cn.leancloud.im.v2.messages.AVIMFileMessage;
import cn.leancloud.im.v2.messages.AVIMRecalledMessage;
import cn.leancloud.im.v2.messages.AVIMTextMessage;
import com.alibaba.fastjson.JSONArray;
import com.alibaba.fastjson.JSONObject;
import java.util.List;

/** Conversations and messages as an app would show them. */
final class View {
  private View() {}

  static JSONObject of(AVIMConversation conversation) {
    JSONObject view = new JSONObject();
    view.put("conversation", conversation.getConversationId());
    view.put("name", conversation.getName());
    view.put("creator", conversation.getCreator());
    view.put("members", conversation.getMembers());
    view.put("muted", conversation.get("mu"));
    view.put("unread", conversation.getUnreadMessagesCount());
    view.put("mentioned", conversation.unreadMessagesMentioned());
    view.put("deliveredAt", conversation.getLastDeliveredAt());
    view.put("readAt", conversation.getLastReadAt());
    AVIMMessage last = conversation.getLastMessage();
    view.put("last", last == null ? null : of(last));
    return view;
  }

  static JSONObject of(AVIMMessage message) {
    JSONObject view = new JSONObject();
    view.put("message", message.getMessageId());
    view.put("conversation", message.getConversationId());
    view.put("from", message.getFrom());
    view.put("sentAt", message.getTimestamp());
    view.put("updatedAt", message.getUpdateAt());
    view.put("mentioned", message.mentioned());
    view.put("mentions", message.getMentionList());
    if (message instanceof AVIMRecalledMessage) {
      view.put("recalled", true);
    } else if (message instanceof AVIMTextMessage) {
      view.put("text", ((AVIMTextMessage) message).getText());
      view.put("attributes", ((AVIMTextMessage) message).getAttrs());
    } else if (message instanceof AVIMFileMessage) {
      view.put("file", FileMessages.view((AVIMFileMessage) message));
    } else if (message instanceof AVIMBinaryMessage) {
      view.put("bytes", ((AVIMBinaryMessage) message).getBytes());
    } else {
      view.put("content", message.getContent());
    }
    return view;
  }

  static JSONArray ofMessages(List<AVIMMessage> messages) {
    JSONArray views = new JSONArray();
    for (AVIMMessage message : messages) views.add(of(message));
    return views;
  }

  static JSONArray ofConversations(List<AVIMConversation> conversations) {
    JSONArray views = new JSONArray();
    for (AVIMConversation conversation : conversations) views.add(of(conversation));
    return views;
  }
}
