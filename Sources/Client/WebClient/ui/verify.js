// The digits that two people compare, by voice or side by side.
import { openDialog } from "./dialog.js";
import { h, icon, isolated } from "./dom.js";

/** @param {import("../session/call.js").Call} call @param {string} member */
export async function openVerify(call, member) {
  const number = await call.safetyNumber(member);
  const person = call.state.people.find((candidate) => candidate.member === member);
  if (!person || !number) return;
  const { identity } = person;
  const name = isolated(person.name);
  const groups = number.split(" ").map((group) => h("li", {}, group));
  const digits = h("ol", { class: "digits", "aria-label": "Safety number" }, ...groups);
  const trust = h("button", { type: "button", class: "primary", onclick: async () => {
    await call.trust(member);
    dialog.close();
  } }, `This is ${name}: remember the new identity`);
  const changed = identity === "changed" && h("div", { class: "notice notice-bad", role: "alert" }, icon("warning"),
    h("p", {}, h("strong", {}, `The identity of ${name} has changed.`),
      " It is a new device, or somebody else who uses that name. Compare the numbers before you say anything",
      " private."));
  const dialog = openDialog(`Verify ${name}`, [
    changed || null,
    h("p", {},
      `Read these numbers to each other. If ${name} sees the same ones, nobody stands between you, `,
      "not even the relay."),
    digits,
    h("p", { class: "fine" }, "They differ for every call and every pair of people."),
    identity === "changed" ? trust : null,
  ]);
}
