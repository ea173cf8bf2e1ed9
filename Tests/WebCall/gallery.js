// Shows the page's own call view with people who are not there, in a page that has loaded: for looking at layouts and
// states that would take a crowd to bring about. Evaluated in the page, with the wanted state in place of `WANTED`.
(async () => {
  const wanted = WANTED;
  const { CallView } = await import("/ui/call-view.js");
  const { INITIAL_STATE } = await import("/session/state.js");
  const { Problem } = await import("/session/problems.js");
  const { LocalMedia } = await import("/session/local-media.js");

  /** A person before a wall, as a moving picture. */
  function picture(index, width = 640, height = 360) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    const draw = (shift) => {
      const wall = context.createLinearGradient(0, 0, width, height);
      wall.addColorStop(0, `hsl(${index * 67} 30% 70%)`);
      wall.addColorStop(1, `hsl(${index * 67 + 40} 35% 42%)`);
      context.fillStyle = wall;
      context.fillRect(0, 0, width, height);
      context.fillStyle = `hsl(${index * 131} 40% 30%)`;
      context.beginPath();
      context.ellipse(width / 2 + shift, height * 1.05, height * 0.42, height * 0.42, 0, 0, 7);
      context.fill();
      context.fillStyle = `hsl(${20 + index * 3} 45% ${72 - 6 * (index % 6)}%)`;
      context.beginPath();
      context.ellipse(width / 2 + shift, height * 0.45, height * 0.17, height * 0.22, 0, 0, 7);
      context.fill();
    };
    let turn = 0;
    draw(0);
    setInterval(() => draw(6 * Math.sin((turn += 0.2))), 100);
    return canvas.captureStream(10).getVideoTracks()[0];
  }

  const view = (track, isMuted = false, failure = null) => ({ track, isMuted, failure });
  const people = wanted.people.map((person, index) => ({
    member: `${index}`.repeat(32), name: "Somebody", isNamed: true, isSelf: index === wanted.people.length - 1,
    joinIndex: index + 1, isAuthentic: true, holdsKey: true, suite: "x25519-mlkem1024", rejection: null,
    identity: "new", isSilent: false, isAway: false, isSpeaking: false, quality: "good", ...person,
    media: {
      microphone: view(null, person.isMuted ?? false),
      camera: view(person.hasCamera === false ? null : picture(index), person.hasCamera === false,
        person.failure ?? null),
      screen: person.hasScreen ? view(picture(9, 1280, 720)) : null, screenAudio: null,
    },
  }));
  const call = new EventTarget();
  Object.assign(call, {
    media: new LocalMedia(), membership: null, history: [], retry() {}, leave() {}, async trust() {}, async say() {},
    invitation: { relay: "wss://relay.example:7443", invite: "A".repeat(43), token: null },
    backends: { "ML-KEM-1024": "native", "ML-DSA-65": "native", "SHA3-256": "wasm" },
    safetyNumber: async () => Array.from({ length: 12 }, (_, i) => String(10_007 * (i + 3) % 100_000).padStart(5, "0"))
      .join(" "),
    state: {
      ...INITIAL_STATE, phase: "in", seal: "sealed", epoch: 7, suite: "x25519-mlkem1024", hasBeenIn: true,
      quality: "good", chat: [], ...wanted.state, people,
      problem: wanted.problem ? new Problem(wanted.problem) : null,
    },
  });
  call.media.isMicrophoneOn = true;
  call.media.camera = people.at(-1)?.media.camera.track ?? null;
  globalThis.galleryView?.close();
  globalThis.galleryView = new CallView(document.getElementById("app"), call, { leave() {}, back() {} });
  globalThis.galleryCall = call;
  await new Promise((done) => setTimeout(done, 250));
})()
