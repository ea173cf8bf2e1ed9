// The page: reads the link, then start, lobby, call, farewell.
import { loadCall, saveCall } from "./session/device.js";
import { newInvitation, parseFragment, parseLink } from "./session/link.js";
import { LocalMedia } from "./session/local-media.js";
import { Call } from "./session/call.js";
import { asProblem, lackOfBrowser, Problem } from "./session/problems.js";
import { CallView } from "./ui/call-view.js";
import { Lobby } from "./ui/lobby.js";
import { showFarewell, showProblem, showStart } from "./ui/entry.js";

const root = document.getElementById("app");
const media = new LocalMedia();
/** @type {{close: () => void} | null} what is on the screen now, if it must be told when it goes */
let view = null;
/** @type {Call | null} */
let call = null;

function show(next) {
  view?.close();
  view = next;
}

function start(problem = null) {
  show(null);
  saveCall(null);
  showStart(root, {
    problem,
    create: (relay, token) => lobby(newInvitation(relay, token)),
    join: async (link) => lobby(await parseLink(link)),
  });
}

/** @param {import("./session/link.js").Invitation} invitation */
function lobby(invitation, { wants = null } = {}) {
  saveCall({ invitation, isInCall: false, wants });
  show(new Lobby(root, { invitation, media, wants, join: (choice) => enter(choice), cancel: () => {
    media.stop();
    start();
  } }));
}

/**
 * @param {object} choice
 * @param {import("./session/link.js").Invitation} choice.invitation
 * @param {string | null} choice.name
 * @param {boolean} choice.allowsFallback
 */
function enter({ invitation, name, allowsFallback }) {
  call = new Call({ invitation, name, media, allowsFallback });
  const remember = () => saveCall({ invitation, isInCall: true, name, allowsFallback, wants: media.wants });
  remember();
  media.addEventListener("change", remember);
  show(new CallView(root, call, {
    leave: () => {
      call.leave();
      media.removeEventListener("change", remember);
      const { wants } = media;
      media.stop();
      show(null);
      saveCall(null);
      showFarewell(root, { again: () => lobby(invitation, { wants }), fresh: () => start() });
    },
    // Back to where something can be changed: the name, the token, the devices.
    back: () => {
      call.leave();
      media.removeEventListener("change", remember);
      lobby(invitation, { wants: media.wants });
    },
  }));
  call.join();
}

/** A reload goes back into the call, as a new member; a copy of the tab does not. */
async function resume({ invitation, isInCall, name = null, allowsFallback = false, wants }) {
  const kind = performance.getEntriesByType("navigation")[0]?.type;
  if (!isInCall || (kind !== "reload" && kind !== "back_forward")) return lobby(invitation, { wants });
  media.chosen = wants?.chosen ?? media.chosen;
  if (wants?.microphone) await media.turnMicrophone(true);
  if (wants?.camera) await media.turnCamera(true);
  enter({ invitation, name, allowsFallback });
}

/** Takes the invite out of the address bar and of this tab's history. */
function takeFragment() {
  const fragment = location.hash;
  if (fragment) history.replaceState(null, "", location.pathname + location.search);
  return fragment;
}

async function open() {
  const lack = lackOfBrowser();
  if (lack) return showProblem(root, lack);
  const fragment = takeFragment();
  try {
    const invitation = await parseFragment(fragment);
    if (invitation) return lobby(invitation);
  } catch (error) {
    return start(asProblem(error));
  }
  const saved = loadCall();
  if (!saved) return start();
  try {
    const { relay, invite, token, codec } = saved.invitation;
    const fields = new URLSearchParams({ relay, invite, codec, ...(token && { token }) });
    await resume({ ...saved, invitation: await parseFragment(`#${fields}`) });
  } catch {
    start();
  }
}

addEventListener("hashchange", () => {
  if (!location.hash) return;
  if (call && call.state.phase !== "left") takeFragment();
  else open();
});
addEventListener("unhandledrejection", ({ reason }) => console.error(reason));

// For measurements and tests; what is here is in this page's memory anyway.
globalThis.sealedsfu = { get call() { return call; }, media, Problem };

open();
