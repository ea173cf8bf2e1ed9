// The worker behind RTCRtpScriptTransform: every frame of the call passes through here.
import { TransformSession } from "./transform-session.js";

const session = new TransformSession((message) => postMessage(message));

self.onmessage = ({ data }) => session.handle(data);
self.onrtctransform = ({ transformer }) => session.attach(transformer);
