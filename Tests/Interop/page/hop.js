// One participant of the hop test: joins a room through the relay's real signalling, sends the fake microphone and
// receives the others. The bundle is random: the relay never reads it, and this test is about the hop alone.
"use strict";

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const participant = { messages: [], errors: [], sinks: [] };

async function join(relay, room, slots) {
  const socket = new WebSocket(relay + "/v1/call");
  const waiting = [];
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    participant.messages.push(message.type);
    if (message.type === "error") participant.errors.push(message.message);
    for (const entry of waiting.splice(0)) (entry.type === message.type ? entry.resolve : (m) => waiting.push(entry))(message);
  };
  const next = (type) => new Promise((resolve) => waiting.push({ type, resolve }));
  const send = (message) => socket.send(JSON.stringify(message));
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = () => reject(new Error("no signalling")); });
  participant.socket = socket;

  const joined = next("joined");
  send({ type: "join", room, bundle: base64url(crypto.getRandomValues(new Uint8Array(256))) });
  participant.joined = await joined;

  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  participant.connection = connection;
  connection.ontrack = ({ track }) => {
    // An unmuted element: a muted one would leave the decoded energy at zero.
    const sink = new Audio();
    sink.srcObject = new MediaStream([track]);
    sink.play().catch(() => {});
    participant.sinks.push(sink);
  };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const sender = connection.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly" });
  for (let index = 0; index < slots; index += 1) connection.addTransceiver("audio", { direction: "recvonly" });
  await connection.setLocalDescription(await connection.createOffer());
  const answer = next("answer");
  send({ type: "offer", sdp: connection.localDescription.sdp });
  await connection.setRemoteDescription({ type: "answer", sdp: (await answer).sdp });
  send({ type: "publish", tracks: [{ id: "mic", source: "microphone", mid: sender.mid }] });
}

async function report() {
  const result = {
    state: participant.connection?.connectionState, errors: participant.errors, dtls: null, srtp: null, sent: 0,
    received: [],
  };
  if (!participant.connection) return result;
  for (const stat of (await participant.connection.getStats()).values()) {
    if (stat.type === "transport") {
      result.dtls = stat.dtlsState;
      result.srtp = stat.srtpCipher ?? null;
    }
    if (stat.type === "outbound-rtp") result.sent += stat.packetsSent;
    if (stat.type === "inbound-rtp" && stat.packetsReceived > 0) {
      result.received.push({ packets: stat.packetsReceived, lost: stat.packetsLost, energy: stat.totalAudioEnergy ?? 0 });
    }
  }
  return result;
}
