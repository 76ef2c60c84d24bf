import type { IDockviewPanelProps } from "dockview-vue";
import { onMounted, onUnmounted } from "vue";

/// Runs at once, then every so often while the panel can be seen: neither in a
/// hidden window nor behind another tab.
export function poll_while_visible({ api }: IDockviewPanelProps, every_ms: number, run: () => void): void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const listening = api.onDidVisibilityChange(({ isVisible }) => isVisible && run());
  onMounted(() => {
    run();
    timer = setInterval(() => {
      if (!document.hidden && api.isVisible) run();
    }, every_ms);
  });
  onUnmounted(() => {
    clearInterval(timer);
    listening.dispose();
  });
}
