import { createPinia } from "pinia";
import { createApp } from "vue";
import Root from "./Root.vue";
import { show_kept_token, use_identity } from "./stores/identity";
import { use_notices } from "./stores/notices";

/// The terminal comes without the answer after this long.
const answer_within_ms = 1_500;

show_kept_token();
const app = createApp(Root).use(createPinia());
app.config.errorHandler = (error) => {
  console.error(error);
  use_notices().failure(error);
};
/// Who this page is comes first: an unknown one is asked to sign in before thirty parts are
/// refused one by one. A node that does not answer is the terminal's own matter.
async function start(): Promise<void> {
  const identity = use_identity();
  await Promise.race([identity.look(), new Promise((resolve) => setTimeout(resolve, answer_within_ms))]);
  if (!identity.is_unknown) identity.failure = "";
  app.mount("#app");
}

void start();
