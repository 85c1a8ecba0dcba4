package parley;

import cn.leancloud.im.v2.AVIMMessage;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The app's message objects by id: the SDK edits and recalls objects, not ids. */
final class Messages {
  private final Map<String, AVIMMessage> byId = new ConcurrentHashMap<>();

  void keep(AVIMMessage message) {
    if (message.getMessageId() != null) byId.put(message.getMessageId(), message);
  }

  AVIMMessage find(String id) {
    AVIMMessage message = byId.get(id);
    if (message == null) throw new IllegalArgumentException("the phone knows no message " + id);
    return message;
  }
}
