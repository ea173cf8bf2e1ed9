import { CodecChoice } from "/client/session/codec-choice.js";
import { codecFor, isVideoCodec, receivableCodecs, sentRids } from "/client/session/codecs.js";
import { DESCRIPTOR, withDescriptorInSlots } from "/client/session/descriptor.js";
import { linkTo, newInvitation, parseFragment } from "/client/session/link.js";
import { PictureSizes } from "/client/session/picture-sizes.js";
import { addSimulcastSender, canSimulcast, fitEncodings, offersSimulcast, usefulEncodings }
  from "/client/session/simulcast.js";
import { step } from "/client/ui/stage.js";
import { expect, expectEqual } from "../harness.js";

const ALL = ["video/vp8", "video/vp9", "video/av1"];
const canSendVP9 = () => codecFor("vp9", []) === "vp9";

export const tests = {
  "encodings that nobody could look at are not sent": () => {
    const active = (settings) => Object.values(usefulEncodings(settings)).map(Number).join("");
    for (const [width, height, expected] of [
      [1280, 720, "111"], [640, 480, "111"], [640, 360, "011"], [320, 240, "011"], [320, 180, "001"], [4, 4, "001"],
      [720, 1280, "111"], [180, 320, "001"],
    ]) expectEqual(active({ width, height }), expected, `${width}x${height}`);
    expectEqual(active({}), "111", "of a camera that does not say");
  },

  "simulcast needs every encoding in the offer, and the descriptor": () => {
    const offer = `m=video\r\na=extmap:5 ${DESCRIPTOR}\r\na=simulcast:send q;h;f\r\n`;
    expect(offersSimulcast(offer, ["q", "h", "f"]), "as browsers write it");
    expect(!offersSimulcast(offer, ["f", "h", "q"]), "in another order");
    expect(!offersSimulcast(offer.replace("q;h;f", "q;h"), ["q", "h", "f"]), "one of them missing");
    expect(!offersSimulcast(offer.replace(DESCRIPTOR, "x"), ["q", "h", "f"]), "without the descriptor");
    expect(!offersSimulcast("m=video\r\n", ["q", "h", "f"]), "none");
  },

  "this browser sends a camera in three sizes, and fewer of a small one": async () => {
    expect(await canSimulcast(), "simulcast with the Dependency Descriptor");
    const connection = new RTCPeerConnection();
    try {
      const { sender } = addSimulcastSender(connection, 30);
      const sent = () => sender.getParameters().encodings.filter(({ active }) => active).map(({ rid }) => rid).join("");
      expectEqual(sent(), "qhf");
      const small = { getSettings: () => ({ width: 320, height: 180 }) };
      await fitEncodings(sender, small);
      expectEqual(sent(), "f");
      await fitEncodings(sender, { getSettings: () => ({ width: 1280, height: 720 }) });
      expectEqual(sent(), "qhf");
      await fitEncodings(sender, small);
      expectEqual(sentRids(sender), ["q", "h", "f"], "all are published: they may come");
    } finally {
      connection.close();
    }
  },

  "a codec is sent only where everybody can show it": () => {
    expectEqual(receivableCodecs()[0], "video/vp8");
    for (const others of [[], [ALL], [ALL, ALL]]) expectEqual(codecFor("vp8", others), "vp8");
    expectEqual(codecFor("vp9", [ALL]), canSendVP9() ? "vp9" : "vp8");
    for (const others of [[["video/vp8"]], [ALL, undefined], [ALL, []]]) expectEqual(codecFor("vp9", others), "vp8");
    expectEqual(codecFor("h265", [["video/h265"]]), "vp8", "one that this browser cannot send");
    expect(["vp8", "vp9", "av1"].every(isVideoCodec) && ![null, "VP9", "h264", ""].some(isVideoCodec), "names");
  },

  "one who cannot show it ends it for the call": () => {
    if (!canSendVP9()) return "this browser does not send VP9";
    const choice = new CodecChoice("vp9");
    choice.reset([{ member: "self" }, { member: "ada", capabilities: ALL }], "self");
    expectEqual(choice.codec, "vp9", "the own entry does not count");
    choice.joined("grace", ALL);
    expectEqual(choice.codec, "vp9");
    choice.joined("bot", undefined);
    expectEqual(choice.codec, "vp8");
    choice.left("bot");
    expectEqual(choice.codec, "vp8", "it costs a key frame to go back");
    const other = new CodecChoice("vp9");
    other.reset([{ member: "bot", capabilities: "video/vp9" }], "self");
    expectEqual(other.codec, "vp8", "a list that is none");
    other.reset(null, "self");
    expectEqual(other.codec, "vp8");
    return "";
  },

  "the relay hears of a picture's size when it changes, and again when the track is another": () => {
    const sent = [];
    const sizes = new PictureSizes((message) => sent.push(message));
    const camera = { member: "ada", track: "camera" };
    for (const lines of [720, 720, 180, 0, 0, 30]) sizes.show(camera, lines);
    const said = (index) => [sent[index].maxHeight, sent[index].paused];
    expectEqual([0, 1, 2, 3].map(said), [[720, false], [180, false], [undefined, true], [90, false]]);
    expectEqual(sent.length, 4);
    sizes.ended([{ member: "ada", track: "screen" }]);
    sizes.show(camera, 30);
    expectEqual(sent.length, 4);
    sizes.ended([{ member: "ada", track: "camera" }]);
    sizes.show(camera, 30);
    expectEqual(sent.length, 5);
    sizes.ended(undefined);
  },

  "sizes come in few steps, and nothing is asked for what is not to be seen": () => {
    expectEqual([0, 1, 200, 201, 420, 421, 4000].map(step), [0, 180, 180, 360, 360, 720, 720]);
  },

  "slots are offered with the descriptor, and senders as they were": () => {
    const line = (direction) => `a=extmap:9/sendonly ${DESCRIPTOR}\r\na=${direction}\r\n`;
    const offer = `v=0\r\nm=video 9 a\r\n${line("sendonly")}m=video 9 b\r\n${line("recvonly")}`;
    expectEqual(
      withDescriptorInSlots(offer),
      `v=0\r\nm=video 9 a\r\n${line("sendonly")}m=video 9 b\r\na=extmap:9 ${DESCRIPTOR}\r\na=recvonly\r\n`);
  },

  "a link names a codec if it is not the usual one": async () => {
    const invitation = newInvitation("ws://localhost:7443");
    expectEqual(invitation.codec, "vp8");
    expect(!linkTo(invitation).includes("codec"), "VP8 is not named");
    for (const codec of ["vp9", "av1"]) {
      const link = linkTo({ ...invitation, codec });
      expectEqual((await parseFragment(link.slice(link.indexOf("#")))).codec, codec);
    }
    const unknown = new URLSearchParams({ relay: invitation.relay, invite: invitation.invite, codec: "h265" });
    expectEqual((await parseFragment(unknown.toString())).codec, "vp8");
  },
};
