// Shows the SHA-256 of every file of this page, to be compared with those of the release.
import { toHex } from "../crypto/bytes.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { FILES } from "./files.js";

export function filesButton() {
  return h("button", { type: "button", class: "link", onclick: showFiles }, "Compare this page's files");
}

async function showFiles() {
  const rows = h("tbody", {});
  const summary = h("p", { class: "lead", role: "status" }, "Reading the files…");
  openDialog("This page's files", [
    h("p", { class: "fine" },
      "Whoever serves this page could serve another one. Compare these SHA-256 values with those of the release, best",
      " on another device."),
    summary,
    h("table", { class: "files" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "File"), h("th", { scope: "col" }, "SHA-256"))), rows),
  ], { isWide: true });
  const lines = [];
  for (const file of FILES) {
    const digest = await digestOf(file).catch(() => null);
    lines.push(`${digest ?? "unreadable"}  ${file}\n`);
    rows.append(h("tr", {}, h("td", {}, file), h("td", {}, h("code", {}, digest ?? "cannot be read"))));
  }
  const whole = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines.join("")))));
  summary.replaceChildren(`${FILES.length} files. All together: `, h("code", {}, whole));
}

async function digestOf(file) {
  const response = await fetch(new URL(`../${file}`, import.meta.url), { cache: "force-cache" });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", await response.arrayBuffer())));
}
