"""A participant on aiortc: a third WebRTC stack, in Python on its own ICE, DTLS and SRTP."""
import array
import asyncio
import json
import math
import os
from base64 import urlsafe_b64encode

import aioice.ice
import websockets
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError
from aiortc.sdp import candidate_from_sdp

# aioice leaves loopback out; in this test there is nothing else.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Tone(AudioStreamTrack):
    """400 Hz instead of the silence of the base class, whose frames hold 160 samples at 8 kHz: eight whole periods."""

    SAMPLES = array.array("h", (round(8000 * math.sin(math.pi * n / 10)) for n in range(160))).tobytes()

    async def recv(self):
        frame = await super().recv()
        frame.planes[0].update(self.SAMPLES)
        return frame


class AiortcPeer:
    name = "aiortc"

    def __init__(self):
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.on("track", self._listen)
        self.energy, self.listeners = {}, []
        self.slots, self.errors, self.lost, self.reconnecting = {}, [], [], []
        self.answer = asyncio.get_running_loop().create_future()

    async def join(self, url, room, slots):
        self.socket = await websockets.connect(url + "/v1/call", max_size=None)
        bundle = urlsafe_b64encode(os.urandom(256)).decode().rstrip("=")
        await self._send({"type": "join", "room": room, "bundle": bundle})
        first = json.loads(await asyncio.wait_for(self.socket.recv(), 10))
        if first["type"] != "joined":
            raise RuntimeError(f"aiortc: {first}")
        self.member = first["member"]
        self.reader = asyncio.create_task(self._read())
        sender = self.connection.addTransceiver(Tone(), direction="sendonly")
        for _ in range(slots):
            self.connection.addTransceiver("audio", direction="recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        await self._send({"type": "offer", "sdp": self.connection.localDescription.sdp})
        await self._accept(await asyncio.wait_for(self.answer, 20))
        await self._send(
            {"type": "publish", "tracks": [{"id": "mic", "source": "microphone", "mid": sender.mid}]}
        )

    async def _accept(self, sdp):
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        # aiortc 1.16 takes a bundle's candidates from its last m-line. The relay names them in the first, where
        # RFC 9143 section 7.1.3 puts them; so they are handed over one by one, as a trickling caller would.
        tagged = self.connection.getTransceivers()[0].mid
        for line in sdp.splitlines():
            if line.startswith("a=candidate:"):
                candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
                candidate.sdpMid = tagged
                await self.connection.addIceCandidate(candidate)
        await self.connection.addIceCandidate(None)

    def _listen(self, track):
        self.listeners.append(asyncio.create_task(self._measure(track)))

    async def _measure(self, track):
        """Sums the energy of what was decoded, as browsers do: squares of full scale, times seconds."""
        self.energy[track.id] = 0.0
        try:
            while True:
                frame = await track.recv()
                # The plane is longer than its content: 16-bit stereo. One sample in sixteen is enough for a sum.
                samples = array.array("h", bytes(frame.planes[0])[: frame.samples * 4])[::16]
                mean = sum(sample * sample for sample in samples) / (len(samples) * 32768**2)
                self.energy[track.id] += mean * frame.samples / frame.sample_rate
        except MediaStreamError:
            pass

    async def _send(self, message):
        await self.socket.send(json.dumps(message))

    async def _read(self):
        try:
            async for text in self.socket:
                self._receive(json.loads(text))
        except websockets.ConnectionClosed:
            pass
        self.errors.append("the signalling connection is closed")

    def _receive(self, message):
        match message["type"]:
            case "answer" if not self.answer.done():
                self.answer.set_result(message["sdp"])
            case "slots":
                self.slots |= {slot["mid"]: slot.get("member") for slot in message["slots"]}
            case "quality" if message["level"] == "lost":
                self.lost.append(message["member"])
            case "notice" if message["code"] == "reconnecting":
                self.reconnecting.append(message["member"])
            case "error":
                self.errors.append(message["message"])

    async def report(self):
        """The same facts as `report` of the page."""
        transceivers = self.connection.getTransceivers()
        transport = transceivers[0].sender.transport
        result = {
            "connection": self.connection.connectionState, "ice": transport.transport.state, "dtls": transport.state,
            "srtp": self._profile(transport), "sent": 0, "received": {}, "errors": self.errors, "lost": self.lost,
            "reconnecting": self.reconnecting,
        }
        for stat in (await transceivers[0].sender.getStats()).values():
            if stat.type == "outbound-rtp":
                result["sent"] += stat.packetsSent
        for transceiver in transceivers[1:]:
            member = self.slots.get(transceiver.mid)
            if member is None:
                continue
            for stat in (await transceiver.receiver.getStats()).values():
                if stat.type == "inbound-rtp":
                    energy = self.energy.get(transceiver.receiver.track.id, 0.0)
                    result["received"][member] = {"packets": stat.packetsReceived, "energy": energy}
        return result

    @staticmethod
    def _profile(transport):
        # aiortc has no public name for it.
        profile = transport._ssl.get_selected_srtp_profile() if transport._ssl else b""
        return profile.decode() or None

    async def close(self):
        await self.connection.close()
        if hasattr(self, "socket"):
            await self.socket.close()
        for task in self.listeners:
            task.cancel()
