package parley;

import cn.leancloud.im.v2.AVIMException;
import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import com.alibaba.fastjson.serializer.SerializerFeature;
import java.io.PrintStream;

/** Writes one line of JSON for each answer and each event. */
final class Report {
  private final PrintStream out;

  Report(PrintStream out) {
    this.out = out;
  }

  void answer(int id, Object result) {
    JSONObject line = new JSONObject();
    line.put("id", id);
    line.put("result", result);
    print(line);
  }

  void failure(int id, Throwable problem) {
    JSONObject error = new JSONObject();
    if (problem instanceof AVIMException) {
      error.put("code", ((AVIMException) problem).getCode());
      error.put("appCode", ((AVIMException) problem).getAppCode());
    }
    error.put("message", String.valueOf(problem.getMessage()));
    JSONObject line = new JSONObject();
    line.put("id", id);
    line.put("error", error);
    print(line);
  }

  void event(String name, String clientId, JSONObject details) {
    JSONObject line = new JSONObject();
    line.put("event", name);
    line.put("client", clientId);
    line.putAll(details);
    print(line);
  }

  private synchronized void print(JSONObject line) {
    out.println(JSON.toJSONString(line, SerializerFeature.DisableCircularReferenceDetect));
    out.flush();
  }
}
