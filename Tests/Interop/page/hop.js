// One participant of the hop test: joins a room through the relay's real signalling, sends the fake microphone and
// receives the others. The bundle is random: the relay never reads it, and this test is about the hop alone.
"use strict";

const call = {
  errors: [],
  // Member by the mid of the receive slot that carries it.
  slots: new Map(),
  // Members whose media the relay called lost, and members whose signalling it called gone.
  lost: [],
  reconnecting: [],
  awaited: new Map(),
  sinks: [],
};

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const send = (message) => call.socket.send(JSON.stringify(message));
const next = (type) => new Promise((resolve) => call.awaited.set(type, resolve));

function receive(message) {
  call.awaited.get(message.type)?.(message);
  call.awaited.delete(message.type);
  switch (message.type) {
    case "slots":
      for (const slot of message.slots) call.slots.set(slot.mid, slot.member ?? null);
      break;
    case "quality":
      if (message.level === "lost") call.lost.push(message.member);
      break;
    case "notice":
      if (message.code === "reconnecting") call.reconnecting.push(message.member);
      break;
    case "error":
      call.errors.push(message.message);
      break;
    case "goodbye":
      call.errors.push(`goodbye: ${message.reason}`);
      break;
  }
}

function openSocket(url) {
  call.socket = new WebSocket(url);
  call.socket.onmessage = ({ data }) => receive(JSON.parse(data));
  call.socket.onclose = () => call.errors.push("the signalling connection is closed");
  return new Promise((resolve, reject) => {
    call.socket.onopen = resolve;
    call.socket.onerror = () => reject(new Error("no signalling connection"));
  });
}

async function negotiate(options) {
  const { connection } = call;
  await connection.setLocalDescription(await connection.createOffer(options));
  const answer = next("answer");
  send({ type: "offer", sdp: connection.localDescription.sdp });
  await connection.setRemoteDescription({ type: "answer", sdp: (await answer).sdp });
}

/** Joins, publishes the microphone, and returns the member's name in the room. */
async function join(relay, room, slots) {
  await openSocket(`${relay}/v1/call`);
  const joined = next("joined");
  send({ type: "join", room, bundle: base64url(crypto.getRandomValues(new Uint8Array(256))) });
  const { member } = await joined;

  call.connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  call.connection.ontrack = ({ track }) => {
    // An unmuted element: a muted one would leave the decoded energy at zero.
    const sink = new Audio();
    sink.srcObject = new MediaStream([track]);
    sink.play().catch((error) => call.errors.push(`no playback: ${error.message}`));
    call.sinks.push(sink);
  };
  const microphone = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0];
  const sender = call.connection.addTransceiver(microphone, { direction: "sendonly" });
  for (let index = 0; index < slots; index += 1) call.connection.addTransceiver("audio", { direction: "recvonly" });
  await negotiate();
  send({ type: "publish", tracks: [{ id: "mic", source: "microphone", mid: sender.mid }] });
  return member;
}

/** Offers again with new ICE credentials; the DTLS session and all m-lines stay. */
async function restartICE() {
  await negotiate({ iceRestart: true });
}

const fragments = (sdp) => [...new Set([...sdp.matchAll(/^a=ice-ufrag:(\S+)/gm)].map((match) => match[1]))];

/** What the participant sees of its own transport, and what it has received of each other member. */
async function report() {
  const { connection, errors, lost, reconnecting, slots } = call;
  const result = {
    connection: connection.connectionState, ice: connection.iceConnectionState, dtls: null, srtp: null, sent: 0,
    received: {}, errors, lost, reconnecting,
    // The user name fragments of both ends, and the one that the selected pair of candidates uses.
    offered: fragments(connection.localDescription.sdp), answered: fragments(connection.remoteDescription.sdp),
    selected: null,
  };
  const all = await connection.getStats();
  for (const stat of all.values()) {
    if (stat.type === "transport") {
      result.dtls = stat.dtlsState;
      result.srtp = stat.srtpCipher ?? null;
      const pair = all.get(stat.selectedCandidatePairId);
      result.selected = all.get(pair?.localCandidateId)?.usernameFragment ?? null;
    }
    if (stat.type === "outbound-rtp") result.sent += stat.packetsSent;
  }
  for (const { mid, receiver } of connection.getTransceivers()) {
    const member = slots.get(mid);
    if (!member) continue;
    for (const stat of (await receiver.getStats()).values()) {
      if (stat.type !== "inbound-rtp") continue;
      result.received[member] = { packets: stat.packetsReceived, energy: stat.totalAudioEnergy ?? 0 };
    }
  }
  return result;
}
