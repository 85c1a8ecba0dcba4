package parley;

import cn.leancloud.im.v2.AVIMConversation;
import cn.leancloud.im.v2.AVIMException;
import cn.leancloud.im.v2.callback.AVIMConversationMemberQueryCallback;
import cn.leancloud.im.v2.callback.AVIMOperationFailure;
import cn.leancloud.im.v2.callback.AVIMOperationPartiallySucceededCallback;
import cn.leancloud.im.v2.conversation.AVIMConversationMemberInfo;
import cn.leancloud.im.v2.conversation.ConversationMemberRole;
import com.alibaba.fastjson.JSONObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Commands about roles, silences and blacklists. */
final class Permissions {
  private final AVIMConversation conversation;
  private final JSONObject asked;
  private final Replies replies;

  Permissions(AVIMConversation conversation, JSONObject asked, Replies replies) {
    this.conversation = conversation;
    this.asked = asked;
    this.replies = replies;
  }

  void run(String name) {
    switch (name) {
      case "giveRole":
        ConversationMemberRole role = ConversationMemberRole.valueOf(asked.getString("role"));
        conversation.updateMemberRole(asked.getString("member"), role, replies.about(conversation));
        return;
      case "roles":
        conversation.getAllMemberInfo(0, 100, roles());
        return;
      case "silence":
        conversation.muteMembers(members(), partly());
        return;
      case "unsilence":
        conversation.unmuteMembers(members(), partly());
        return;
      case "block":
        conversation.blockMembers(members(), partly());
        return;
      case "unblock":
        conversation.unblockMembers(members(), partly());
        return;
      default:
        throw new IllegalArgumentException("no command " + name);
    }
  }

  private List<String> members() {
    return Arrays.asList(asked.getJSONArray("members").toArray(new String[0]));
  }

  private AVIMOperationPartiallySucceededCallback partly() {
    return new AVIMOperationPartiallySucceededCallback() {
      @Override
      public void done(AVIMException e, List<String> succeeded, List<AVIMOperationFailure> failures) {
        if (e != null) {
          replies.fail(e);
          return;
        }
        List<String> result = new ArrayList<>(succeeded);
        for (AVIMOperationFailure failure : failures) {
          result.add(failure.getCode() + ": " + String.join(" ", failure.getMemberIds()));
        }
        replies.answer(result);
      }
    };
  }

  private AVIMConversationMemberQueryCallback roles() {
    return new AVIMConversationMemberQueryCallback() {
      @Override
      public void done(List<AVIMConversationMemberInfo> infos, AVIMException e) {
        if (e != null) {
          replies.fail(e);
          return;
        }
        List<String> result = new ArrayList<>();
        for (AVIMConversationMemberInfo info : infos) {
          result.add(info.getMemberId() + " " + info.getRole());
        }
        replies.answer(result);
      }
    };
  }
}
