package parley;

import cn.leancloud.AVFile;
import cn.leancloud.im.v2.messages.AVIMAudioMessage;
import cn.leancloud.im.v2.messages.AVIMFileMessage;
import cn.leancloud.im.v2.messages.AVIMImageMessage;
import cn.leancloud.im.v2.messages.AVIMVideoMessage;
import com.alibaba.fastjson.JSONObject;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Messages with files: of bytes that the app has, of a file on the phone, or of an address elsewhere. */
final class FileMessages {
  private FileMessages() {}

  static AVIMFileMessage written(JSONObject file) {
    String kind = file.getString("kind");
    String name = file.getString("name");
    try {
      if (file.containsKey("url")) return of(kind, new AVFile(name, file.getString("url")));
      byte[] bytes = file.getBytes("bytes");
      if (!file.getBooleanValue("local")) return of(kind, new AVFile(name, bytes));
      return of(kind, Files.write(Path.of(name), bytes).toFile());
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  private static AVIMFileMessage of(String kind, AVFile file) {
    switch (kind) {
      case "image":
        return new AVIMImageMessage(file);
      case "audio":
        return new AVIMAudioMessage(file);
      case "video":
        return new AVIMVideoMessage(file);
      default:
        return new AVIMFileMessage(file);
    }
  }

  private static AVIMFileMessage of(String kind, File file) throws IOException {
    switch (kind) {
      case "image":
        return new AVIMImageMessage(file);
      case "audio":
        return new AVIMAudioMessage(file);
      case "video":
        return new AVIMVideoMessage(file);
      default:
        return new AVIMFileMessage(file);
    }
  }

  static JSONObject view(AVIMFileMessage message) {
    JSONObject view = new JSONObject();
    view.put("kind", message.getClass().getSimpleName());
    view.put("id", message.getAVFile().getObjectId());
    view.put("url", message.getFileUrl());
    view.put("meta", message.getFileMetaData());
    return view;
  }
}
