// Keys that work anywhere in a call. With Alt, so that neither typing nor reading aloud gets in their way.

export const SHORTCUTS = Object.freeze({
  microphone: { letter: "m", text: "Alt+M", does: "Microphone on or off" },
  camera: { letter: "c", text: "Alt+C", does: "Camera on or off" },
  escape: { letter: null, text: "Esc", does: "Close a dialog, people or the chat" },
});

/**
 * @param {Partial<Record<keyof typeof SHORTCUTS, () => void>>} actions
 * @returns {() => void} stops listening
 */
export function listenForShortcuts(actions) {
  const listener = (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
    // Alt types other letters on a Mac; there the key's place has to say which it is.
    const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace(/^Key/, "").toLowerCase();
    const name = Object.keys(actions).find((candidate) => SHORTCUTS[candidate].letter === letter);
    if (!name) return;
    event.preventDefault();
    actions[name]();
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}
