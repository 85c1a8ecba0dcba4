package parley;

import cn.leancloud.AVCloud;
import cn.leancloud.AVObject;
import cn.leancloud.AVQuery;
import cn.leancloud.AVUser;
import cn.leancloud.im.v2.AVIMClient;
import com.alibaba.fastjson.JSONObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What an app does beside chat, by the SDK's storage: users, rows of its own, functions. */
final class Storage {
  private Storage() {}

  /** Does it if it is a command of the storage. */
  static boolean run(String name, JSONObject asked, Replies replies) {
    switch (name) {
      case "sign up":
        AVUser user = new AVUser();
        user.setUsername(asked.getString("username"));
        user.setPassword(asked.getString("password"));
        user.signUpInBackground().subscribe(done -> replies.answer(done.getObjectId()), replies::fail);
        return true;
      case "log in":
        AVUser.logIn(asked.getString("username"), asked.getString("password"))
            .subscribe(done -> replies.answer(done.getObjectId()), replies::fail);
        return true;
      case "open as user":
        AVIMClient.getInstance(AVUser.getCurrentUser()).open(replies.client());
        return true;
      case "call":
        AVCloud.<Map<String, Object>>callFunctionInBackground(asked.getString("name"), asked.getJSONObject("with"))
            .subscribe(replies::answer, replies::fail);
        return true;
      case "save":
        AVObject row = new AVObject(asked.getString("class"));
        for (Map.Entry<String, Object> field : asked.getJSONObject("row").entrySet()) {
          row.put(field.getKey(), field.getValue());
        }
        row.saveInBackground().subscribe(done -> replies.answer(done.getObjectId()), replies::fail);
        return true;
      case "rows":
        AVQuery<AVObject> query = new AVQuery<>(asked.getString("class"));
        query.whereEqualTo(asked.getString("key"), asked.get("value"));
        query.findInBackground().subscribe(found -> replies.answer(titles(found)), replies::fail);
        return true;
      default:
        return false;
    }
  }

  private static List<String> titles(List<AVObject> rows) {
    List<String> titles = new ArrayList<>();
    for (AVObject row : rows) titles.add(row.getString("title"));
    return titles;
  }
}
