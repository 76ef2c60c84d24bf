import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { show_kept_token } from "./stores/identity";
import { use_notices } from "./stores/notices";

show_kept_token();
const app = createApp(App).use(createPinia());
app.config.errorHandler = (error) => {
  console.error(error);
  use_notices().failure(error);
};
app.mount("#app");
