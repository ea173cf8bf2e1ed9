"""Devices are chosen, pulled out and forbidden during a call, and sound that the browser holds back is let go."""
from checks import PEOPLE, all_perceive_all
from person import Failed, Person, eventually

CHOOSE = """((kind, index) => {
  const select = document.querySelector(`dialog select[id^=${kind}]`);
  select.value = select.options[index].value;
  select.dispatchEvent(new Event("change", {bubbles: true}));
  return select.value;
})(%r, %d)"""
SINKS = "[...document.querySelectorAll('audio')].map((sink) => sink.sinkId)"
# The loudspeaker with this identifier was pulled out.
UNPLUG = """((id) => {
  const enumerate = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
  navigator.mediaDevices.enumerateDevices = async () => (await enumerate()).filter(({deviceId}) => deviceId !== id);
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
})(%r)"""
END = "void sealedsfu.media.%s.dispatchEvent(new Event('ended'))"
# A browser that lets no page be heard that nobody has touched yet.
SILENCED = """() => {
  const play = HTMLAudioElement.prototype.play;
  HTMLAudioElement.prototype.play = function () {
    return window.mayPlay ? play.call(this) : Promise.reject(new DOMException("not yet", "NotAllowedError"));
  };
}"""


async def devices(stage):
    """Another microphone and loudspeaker, both pulled out, the camera too, and sound that waits for a click."""
    ada, grace = [
        await Person(stage.browsers["chromium"], name).join(stage.link, preload)
        for name, preload in zip(PEOPLE, ((), (SILENCED,)))]
    await all_perceive_all([ada, grace], anew=False)

    async def holds(person, expression, what):
        async def check():
            if not await person.evaluate(expression):
                raise Failed(f"{person.name}: {what}: {await person.text()!r}")

        await eventually(check)

    await ada.click("[aria-label=Devices]")
    await holds(ada, "document.querySelector('dialog select[id^=speaker]').options.length > 1", "loudspeakers to choose")
    microphone = await ada.evaluate(CHOOSE % ("microphone", 1))
    await holds(ada, f"sealedsfu.media.microphone?.getSettings().deviceId === {microphone!r}", "the chosen microphone")
    loudspeaker = await ada.evaluate(CHOOSE % ("speaker", 1))
    await holds(ada, f"{SINKS}.length > 0 && {SINKS}.every((id) => id === {loudspeaker!r})", "the chosen loudspeaker")
    await all_perceive_all([ada, grace])
    stage.holds("another microphone and another loudspeaker in the middle of the call: all go on")

    await ada.evaluate(UNPLUG % loudspeaker)
    await holds(ada, f"{SINKS}.every((id) => id === '')", "the system's loudspeaker after the chosen one is gone")
    await ada.evaluate("window.before = sealedsfu.media.microphone, null")
    await ada.evaluate(END % "microphone")
    await ada.reads("The microphone was disconnected. Another one is used now")
    await holds(ada, "sealedsfu.media.microphone !== before && sealedsfu.media.isMicrophoneOn", "another microphone")
    await all_perceive_all([ada, grace])
    stage.holds("loudspeaker and microphone pulled out: others take their place, and that is said")

    await ada.evaluate(END % "camera")
    await ada.reads("The camera was disconnected.")
    await holds(ada, "document.querySelector('[aria-label=Camera]').ariaPressed === 'false'", "the camera is off")
    await holds(grace, "/^Ada, .*camera off/.test(document.querySelector('.tile').ariaLabel)", "is told of it")
    await ada.click("[aria-label=Camera]")
    await all_perceive_all([ada, grace])
    stage.holds("camera pulled out: off and said so, on again by its button")

    await holds(grace, "!document.querySelector('.unlock').hidden", "is asked to click")
    await grace.evaluate("(window.mayPlay = true, document.querySelector('.unlock').click())")
    await holds(grace, "document.querySelector('.unlock').hidden && "
                "[...document.querySelectorAll('audio')].every(({paused}) => !paused)", "hears after a click")
    stage.holds("sound that the browser holds back: asked for a click, heard after it")
