// Hands the invite to the clipboard, and where that is not allowed, to the reader.
import { linkTo } from "../session/link.js";
import { openDialog } from "./dialog.js";
import { announce, h, icon, newID } from "./dom.js";

const SHOWN_FOR = 2500;

/**
 * @param {import("../session/link.js").Invitation} invitation
 * @param {{className: string, oncopy: () => void}} options
 */
export function inviteButton(invitation, { className, oncopy }) {
  const button = h("button", { type: "button", class: className, onclick: async () => {
    const link = linkTo(invitation);
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      return showLink(link);
    }
    label(button, "check", "Copied");
    announce("The invite link is copied.");
    oncopy();
    setTimeout(() => label(button, "link", "Copy invite"), SHOWN_FOR);
  } });
  label(button, "link", "Copy invite");
  return button;
}

function label(button, name, text) {
  button.setAttribute("aria-label", text);
  button.title = text;
  button.replaceChildren(icon(name), h("span", {}, text));
}

function showLink(link) {
  const id = newID("invite");
  const input = h("input", { id, type: "text", readOnly: true, value: link, onfocus: () => input.select() });
  openDialog("Invite link", [
    h("label", { for: id }, "The browser does not let this page copy. Copy it from here:"), input,
    h("p", { class: "fine" }, "Whoever has it can join: send it to those you want in the call only."),
  ]);
  input.focus();
}
