import { request_text } from "../api/http";
import { use_notices } from "../stores/notices";
import { desktop, has_host } from ".";

/// Files for outside of the terminal. They are asked for as every request is, with the
/// caller's token, which a link of the page could not carry; a desktop shell puts them into
/// its folder for exports, a browser among its downloads.

export async function export_text(name: string, content: string): Promise<void> {
  const saved = await desktop().save_file(name, content);
  if (has_host()) use_notices().show("info", `Saved: ${saved.path}`);
}

/// What the node answers under a path, as a file. A failure is shown with the node's text.
export async function export_reply(name: string, path: string): Promise<void> {
  try {
    await export_text(name, await request_text(path));
  } catch (error) {
    use_notices().failure(error);
  }
}
