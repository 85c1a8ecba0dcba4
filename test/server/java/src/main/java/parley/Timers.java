package parley;

import cn.leancloud.im.BackgroundThreadpool;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The SDK's timers, one for each command, removed when the command is answered. The SDK 6.0.5 means to remove them, but
 * removes the task it scheduled, which the executor keeps within another. The timer of an answered command then ends,
 * ten seconds after it, whatever command of the same client is under way: "Timeout Exception" at once, whatever the
 * server does. A test that waits ten seconds would meet it by chance.
 */
final class Timers extends ScheduledThreadPoolExecutor {
  private final Map<Runnable, ScheduledFuture<?>> futures = new ConcurrentHashMap<>();

  private Timers() {
    super(1);
    setRemoveOnCancelPolicy(true);
  }

  static void removeWhenAnswered() throws ReflectiveOperationException {
    Field executor = BackgroundThreadpool.class.getDeclaredField("scheduledThreadPoolExecutor");
    executor.setAccessible(true);
    executor.set(BackgroundThreadpool.getInstance(), new Timers());
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    ScheduledFuture<?> future = super.schedule(task, delay, unit);
    futures.put(task, future);
    return future;
  }

  @Override
  public boolean remove(Runnable task) {
    ScheduledFuture<?> future = futures.remove(task);
    return future == null ? super.remove(task) : future.cancel(false);
  }
}
