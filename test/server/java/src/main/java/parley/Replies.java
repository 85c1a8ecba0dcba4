package parley;

import cn.leancloud.AVException;
import cn.leancloud.callback.AVCallback;
import cn.leancloud.im.v2.AVIMClient;
import cn.leancloud.im.v2.AVIMConversation;
import cn.leancloud.im.v2.AVIMException;
import cn.leancloud.im.v2.AVIMMessage;
import cn.leancloud.im.v2.callback.AVIMClientCallback;
import cn.leancloud.im.v2.callback.AVIMConversationCallback;
import cn.leancloud.im.v2.callback.AVIMConversationCreatedCallback;
import cn.leancloud.im.v2.callback.AVIMConversationQueryCallback;
import cn.leancloud.im.v2.callback.AVIMMessageRecalledCallback;
import cn.leancloud.im.v2.callback.AVIMMessageUpdatedCallback;
import cn.leancloud.im.v2.callback.AVIMMessagesQueryCallback;
import cn.leancloud.im.v2.callback.AVIMOnlineClientsCallback;
import cn.leancloud.im.v2.messages.AVIMRecalledMessage;
import java.util.List;
import java.util.function.Supplier;

/** The SDK's many kinds of callbacks for one command, each of which answers it. */
final class Replies {
  private final Report report;
  private final Messages messages;
  private final int id;

  Replies(Report report, Messages messages, int id) {
    this.report = report;
    this.messages = messages;
    this.id = id;
  }

  void answer(Object result) {
    report.answer(id, result);
  }

  void fail(Throwable problem) {
    report.failure(id, problem);
  }

  private void settle(Throwable problem, Supplier<Object> result) {
    if (problem != null) fail(problem);
    else answer(result.get());
  }

  private Object kept(AVIMMessage message) {
    messages.keep(message);
    return View.of(message);
  }

  AVCallback<Void> connected() {
    return new AVCallback<Void>() {
      @Override
      protected void internalDone0(Void nothing, AVException e) {
        settle(e, () -> true);
      }
    };
  }

  AVIMClientCallback client() {
    return new AVIMClientCallback() {
      @Override
      public void done(AVIMClient client, AVIMException e) {
        settle(e, () -> true);
      }
    };
  }

  AVIMConversationCreatedCallback created() {
    return new AVIMConversationCreatedCallback() {
      @Override
      public void done(AVIMConversation conversation, AVIMException e) {
        settle(e, () -> View.of(conversation));
      }
    };
  }

  AVIMConversationCallback about(AVIMConversation conversation) {
    return new AVIMConversationCallback() {
      @Override
      public void done(AVIMException e) {
        settle(e, () -> View.of(conversation));
      }
    };
  }

  AVIMConversationCallback sent(AVIMMessage message) {
    return new AVIMConversationCallback() {
      @Override
      public void done(AVIMException e) {
        settle(e, () -> kept(message));
      }
    };
  }

  AVIMMessageUpdatedCallback updated() {
    return new AVIMMessageUpdatedCallback() {
      @Override
      public void done(AVIMMessage message, AVException e) {
        settle(e, () -> kept(message));
      }
    };
  }

  AVIMMessageRecalledCallback recalled() {
    return new AVIMMessageRecalledCallback() {
      @Override
      public void done(AVIMRecalledMessage message, AVException e) {
        settle(e, () -> View.of(message));
      }
    };
  }

  AVIMMessagesQueryCallback history() {
    return new AVIMMessagesQueryCallback() {
      @Override
      public void done(List<AVIMMessage> found, AVIMException e) {
        settle(e, () -> {
          found.forEach(messages::keep);
          return View.ofMessages(found);
        });
      }
    };
  }

  AVIMConversationQueryCallback conversations() {
    return new AVIMConversationQueryCallback() {
      @Override
      public void done(List<AVIMConversation> found, AVIMException e) {
        settle(e, () -> View.ofConversations(found));
      }
    };
  }

  AVIMOnlineClientsCallback online() {
    return new AVIMOnlineClientsCallback() {
      @Override
      public void done(List<String> clients, AVIMException e) {
        settle(e, () -> clients);
      }
    };
  }
}
