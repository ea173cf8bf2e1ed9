import { MediaTransforms } from "/client/media/media-transforms.js";
import { expect, expectEqual, eventually } from "../harness.js";
import { epochKeys } from "../fake-call.js";

/** One end of a call within this page, with a worker of its own. */
class End {
  constructor() {
    this.messages = [];
    this.transforms = new MediaTransforms((message) => this.messages.push(message));
    this.connection = new RTCPeerConnection();
  }

  tally(name) {
    const all = this.messages.filter(({ type }) => type === "statistics").flatMap(({ transforms }) => transforms);
    return all.findLast((transform) => transform.name === name) ?? { frames: 0, bytes: 0, drops: {} };
  }

  close() {
    this.transforms.close();
    this.connection.close();
  }
}

/** Asks for the Dependency Descriptor, where the browser has the means. */
function offerDependencyDescriptor(transceiver) {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.();
  const descriptor = extensions?.find(({ uri }) => uri.includes("dependency-descriptor"));
  if (!descriptor) return false;
  descriptor.direction = "sendrecv";
  transceiver.setHeaderExtensionsToNegotiate(extensions);
  return true;
}

/** Leaves only one codec and what repairs it. */
function prefer(transceiver, mimeType) {
  const { codecs } = RTCRtpReceiver.getCapabilities(mimeType.split("/")[0]);
  transceiver.setCodecPreferences(codecs.filter((codec) => [mimeType, "video/rtx"].includes(codec.mimeType)));
}

async function connect(from, to) {
  from.connection.onicecandidate = ({ candidate }) => to.connection.addIceCandidate(candidate);
  to.connection.onicecandidate = ({ candidate }) => from.connection.addIceCandidate(candidate);
  await from.connection.setLocalDescription();
  await to.connection.setRemoteDescription(from.connection.localDescription);
  await to.connection.setLocalDescription();
  await from.connection.setRemoteDescription(to.connection.localDescription);
}

async function decodedFrames(connection) {
  const stats = [...(await connection.getStats()).values()];
  return stats.find((stat) => stat.type === "inbound-rtp" && stat.kind === "video")?.framesDecoded ?? 0;
}

async function sealedCall(codec) {
  const [alice, bob] = [new End(), new End()];
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const sinks = [];
  try {
    alice.transforms.addEpoch(epochKeys(1, 1));
    bob.transforms.addEpoch(epochKeys(1, 2));
    alice.transforms.activate("epoch 1");
    let hasDescriptor = false;
    for (const track of stream.getTracks()) {
      const transceiver = alice.connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
      prefer(transceiver, track.kind === "audio" ? "audio/opus" : codec);
      if (track.kind === "video") hasDescriptor = offerDependencyDescriptor(transceiver);
      alice.transforms.seal(transceiver.sender, track.kind, track.kind === "audio" ? "microphone" : "camera");
    }
    bob.connection.ontrack = ({ receiver, track, transceiver }) => {
      bob.transforms.open(receiver, track.kind);
      if (track.kind === "video") offerDependencyDescriptor(transceiver);
      const sink = document.createElement(track.kind);
      sink.srcObject = new MediaStream([track]);
      sink.play().catch(() => {});
      sinks.push(sink);
    };
    await connect(alice, bob);
    await check({ alice, bob, hasDescriptor, codec });
    return summary({ bob, hasDescriptor, decoded: await decodedFrames(bob.connection) });
  } finally {
    alice.close();
    bob.close();
    for (const track of stream.getTracks()) track.stop();
    for (const sink of sinks) sink.srcObject = null;
  }
}

async function check({ alice, bob, hasDescriptor, codec }) {
  const report = () => `${JSON.stringify(alice.messages.at(-1))} ${JSON.stringify(bob.messages.at(-1))}`;
  await eventually(() => bob.tally("audio").frames > 25, report);
  // Without the descriptor a receiver takes the frame's type from its first, sealed byte.
  const needsDescriptor = codec !== "video/VP9";
  if (hasDescriptor) {
    await eventually(async () => (await decodedFrames(bob.connection)) > 10, report);
  } else if (!needsDescriptor) {
    await eventually(() => bob.tally("video").frames > 10, report);
  }
  alice.transforms.addEpoch(epochKeys(2, 1));
  bob.transforms.addEpoch(epochKeys(2, 2));
  alice.transforms.activate("epoch 2");
  bob.transforms.retire("epoch 1", 5000);
  const before = bob.tally("audio").frames;
  await eventually(() => bob.tally("audio").frames > before + 25, report);
  for (const name of ["audio", "video"]) {
    const { replayed, ...failures } = bob.tally(name).drops;
    expectEqual(failures, {}, `${name}: frames that were not opened`);
  }
  const origins = bob.messages.filter(({ type }) => type === "origin");
  const seen = origins.map(({ name, joinIndex, source }) => `${name}: ${source} of ${joinIndex}`);
  expect(seen.includes("audio: microphone of 1"), `origins: ${seen}`);
}

function summary({ bob, hasDescriptor, decoded }) {
  const [audio, video] = [bob.tally("audio"), bob.tally("video")];
  const descriptor = hasDescriptor ? "with" : "without";
  return `${audio.frames} audio frames, ${video.frames} video frames, ${decoded} decoded, ${descriptor} descriptor`;
}

export const tests = {
  "the browser has what sealed media needs": () => expect(MediaTransforms.isSupported, "RTCRtpScriptTransform"),
  "a real connection carries Opus and VP8, through a change of epochs": () => sealedCall("video/VP8"),
  "a real connection carries Opus and VP9, through a change of epochs": () => sealedCall("video/VP9"),
  "a real connection carries Opus and AV1, through a change of epochs": () => sealedCall("video/AV1"),
};
