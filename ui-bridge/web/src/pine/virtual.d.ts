declare module "virtual:pine-builtins" {
  import type { PineBuiltin } from "../../build/pine_builtins";
  const builtins: PineBuiltin[];
  export default builtins;
}
